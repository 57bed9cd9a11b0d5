"""Nothing is sent twice, nothing is lost, everything is in order: under double clicks, lost connections and reloads."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.widget.conftest import Citizen
from tests.browser.widget.fake_server import FakeChat


def test_a_double_click_sends_once(citizen: Citizen, chat: FakeChat) -> None:
    citizen.open().input.fill("parkering")
    citizen.send.dblclick()
    choice = citizen.button("Boendeparkering: ansök")
    choice.dblclick()
    expect(citizen.rows("bot")).to_have_count(3)
    citizen.button("Prata med en människa").dblclick()
    expect(citizen.rows("bot")).to_have_count(4)
    assert chat.said() == ["parkering", "Boendeparkering: ansök", "Prata med en människa"]
    assert len(chat.posts) == 3


@pytest.mark.parametrize("sockets", [True, False], ids=["socket", "polling"])
def test_a_lost_acknowledgement_is_one_message(citizen: Citizen, chat: FakeChat, sockets: bool) -> None:
    chat.sockets_open = sockets
    chat.faults.append("lose_ack")
    citizen.open().ask("avfall")
    expect(citizen.rows("bot")).to_have_count(2)
    expect(citizen.rows("citizen")).to_have_count(1)
    expect(citizen.rows("citizen").locator(".state")).to_have_count(0)
    assert chat.said() == ["avfall"]
    assert len(set(chat.posts)) == 1


def test_a_refused_or_aborted_message_is_sent_again_with_the_same_id(citizen: Citizen, chat: FakeChat) -> None:
    citizen.open()
    for at, status in enumerate([500, 503, 429]):
        chat.faults.append(status)
        citizen.ask(f"första {status}").ask("andra")
        expect(citizen.rows("bot")).to_have_count(3 + 2 * at)
        assert chat.said()[-2:] == [f"första {status}", "andra"], "in the order they were written"
        assert (len(chat.posts), len(set(chat.posts))) == (3 + 3 * at, 2 + 2 * at)
    citizen.page.route("**/chat/v1/messages", lambda route: route.abort("connectionreset"), times=1)
    citizen.ask("avfall")
    expect(citizen.rows("bot")).to_have_count(8)
    assert chat.said()[6:] == ["avfall"]


def test_a_message_nobody_will_take_can_be_tried_again_by_hand(citizen: Citizen, chat: FakeChat) -> None:
    citizen.open()
    chat.faults.append(422)
    citizen.ask("avfall")
    expect(citizen.alert).to_have_text("Gick inte att skicka")
    citizen.button("Försök igen").click()
    expect(citizen.rows("bot")).to_have_count(2)
    expect(citizen.alert).to_be_empty()
    assert len(set(chat.posts)) == 1


def test_a_reload_while_sending_loses_nothing_and_doubles_nothing(citizen: Citizen, chat: FakeChat) -> None:
    citizen.open()
    chat.faults.extend([500] * 2)
    citizen.ask("första frågan").ask("andra frågan").input.fill("påbörjad")
    expect(citizen.rows("citizen").locator(".state.queued")).to_have_count(2)
    citizen.until("JSON.parse(sessionStorage['fraga-goteborg']).draft === 'påbörjad'")
    citizen.page.reload()
    expect(citizen.rows("bot")).to_have_count(3)
    expect(citizen.rows("citizen")).to_have_count(2)
    expect(citizen.input).to_have_value("påbörjad")
    assert chat.said() == ["första frågan", "andra frågan"]


def test_the_conversation_continues_after_a_reload(citizen: Citizen, chat: FakeChat) -> None:
    citizen.open().ask("avfall")
    expect(citizen.rows("bot")).to_have_count(2)
    shown = citizen.log.inner_text()
    citizen.page.reload()
    expect(citizen.rows("bot")).to_have_count(2)
    assert citizen.log.inner_text() == shown
    assert len(chat.talks) == 1


def test_a_closed_chat_stays_closed_after_a_reload_and_counts_what_arrives(citizen: Citizen, chat: FakeChat) -> None:
    citizen.open().button("Stäng chatten").click()
    citizen.page.reload()
    expect(citizen.panel).to_be_hidden()
    citizen.listening()
    chat.say({"author": "agent", "agent_name": "Anna", "text": "Är du kvar?"})
    expect(citizen.launcher.locator(".badge")).to_have_text("1")
    citizen.launcher.click()
    expect(citizen.rows("agent")).to_be_visible()
    expect(citizen.launcher.locator(".badge")).to_be_hidden()


def test_a_rejected_token_is_explained_and_the_question_asked_anew(citizen: Citizen, chat: FakeChat) -> None:
    citizen.open().listening()
    old = chat.talk
    chat.talks.clear()
    citizen.ask("avfall")
    expect(citizen.rows("bot")).to_have_count(2)
    expect(citizen.alert).to_contain_text("nytt")
    assert chat.talk is not old
    assert chat.said() == ["avfall"]


def test_a_rejected_token_on_the_socket_alone_is_not_believed(citizen: Citizen, chat: FakeChat) -> None:
    citizen.open()
    citizen.listening()
    # A hello that came too late is answered like a bad token; the conversation must survive it.
    chat.frame(type="error", code="unauthorized")
    chat.cut_sockets()
    citizen.ask("avfall")
    expect(citizen.rows("bot")).to_have_count(2)
    assert len(chat.talks) == 1


def test_without_a_websocket_everything_comes_by_polling(citizen: Citizen, chat: FakeChat) -> None:
    chat.sockets_open = False
    citizen.open().ask("människa")
    citizen.button("Ja, skicka och koppla mig").click()
    expect(citizen.widget.get_by_text("Din plats i kön: 3")).to_be_visible()
    chat.own("agent", agent_name="Anna")
    chat.say({"author": "agent", "agent_name": "Anna", "text": "Hej!"})
    expect(citizen.rows("agent")).to_have_count(1)


def test_a_gap_in_the_events_is_filled_in_order(citizen: Citizen, chat: FakeChat) -> None:
    citizen.open()
    citizen.listening()
    chat.say({"text": "ett"}, {"text": "två"}, publish=False)
    chat.say({"text": "tre"})
    expect(citizen.rows("bot").locator(".text")).to_have_text([chat.talk.messages[0]["text"], "ett", "två", "tre"])


def test_the_same_message_from_several_ways_is_shown_once(citizen: Citizen, chat: FakeChat) -> None:
    citizen.open().ask("avfall")
    expect(citizen.rows("bot")).to_have_count(2)
    for message in chat.talk.messages:
        chat.frame(type="message", seq=message["seq"], message=message)
    chat.say({"text": "sist"})
    expect(citizen.rows("bot")).to_have_count(3)
    expect(citizen.rows()).to_have_count(4)


def test_a_dropped_socket_is_opened_again_and_misses_nothing(citizen: Citizen, chat: FakeChat) -> None:
    citizen.open()
    citizen.listening()
    chat.cut_sockets()
    chat.say({"text": "medan du var borta"})
    expect(citizen.rows("bot").nth(1)).to_contain_text("medan du var borta")
    citizen.listening()
    assert chat.requests["WS"] >= 2


def test_offline_is_said_and_what_is_written_is_sent_afterwards(citizen: Citizen, chat: FakeChat) -> None:
    citizen.open().page.context.set_offline(True)
    expect(citizen.widget.get_by_text("inte uppkopplad")).to_be_visible()
    citizen.ask("avfall")
    expect(citizen.rows("citizen").locator(".state.queued")).to_be_visible()
    assert chat.said() == []
    citizen.page.context.set_offline(False)
    expect(citizen.rows("bot")).to_have_count(2)
    expect(citizen.widget.get_by_text("inte uppkopplad")).to_have_count(0)
    assert chat.said() == ["avfall"]


def test_a_service_that_is_starting_says_so_and_comes(citizen: Citizen, chat: FakeChat) -> None:
    chat.ready = False
    citizen.visit().launcher.click()
    expect(citizen.widget.locator(".strip.warn")).to_contain_text("startar")
    citizen.ask("avfall")
    chat.ready = True
    expect(citizen.rows("bot")).to_have_count(2)
    expect(citizen.widget.locator(".strip.warn")).to_be_hidden()
    assert chat.said() == ["avfall"]


def test_own_messages_are_marked_as_sent_delivered_and_read(citizen: Citizen, chat: FakeChat) -> None:
    marks = citizen.rows("citizen").locator(".state")
    citizen.open().listening()
    chat.own("agent", agent_name="Anna")
    expect(citizen.widget.locator("#what")).to_have_text("Medarbetare")
    citizen.ask("ett")
    expect(marks).to_have_text(["Skickat"])
    citizen.ask("två").ask("tre")
    citizen.until("!document.querySelector('fraga-goteborg').conversation.outgoing.length")
    expect(marks).to_have_text(["Skickat"])
    expect(citizen.rows("citizen").last).to_contain_text("Skickat")
    last = len(chat.talk.messages)
    chat.reach(delivered=last)
    expect(marks).to_have_text(["Levererat"])
    chat.reach(read=last - 1)
    expect(marks).to_have_text(["Läst", "Levererat"])
    chat.frame(type="delivery", state="read", seq=last - 2)  # late news do not take it back
    citizen.page.reload()
    expect(marks).to_have_text(["Läst", "Levererat"])  # now as read, not by events
    citizen.listening()
    chat.say({"author": "agent", "agent_name": "Anna", "text": "Hej!"})
    expect(marks).to_have_count(0)  # an answer says it all


def test_on_a_slow_network_what_is_sent_is_shown_at_once_and_nothing_twice(citizen: Citizen, chat: FakeChat) -> None:
    citizen.open().listening()
    network = citizen.page.context.new_cdp_session(citizen.page)
    network.send("Network.emulateNetworkConditions",
                 {"offline": False, "latency": 800, "downloadThroughput": 4000, "uploadThroughput": 2000})  # fmt: skip
    citizen.ask("första")
    expect(citizen.rows("citizen").locator(".state.queued")).to_have_text("Skickas")
    citizen.ask("andra").send.dblclick()
    expect(citizen.rows("citizen")).to_have_count(2)
    expect(citizen.rows("bot")).to_have_count(3)
    assert chat.said() == ["första", "andra"]
    assert len(chat.posts) == 2
    expect(citizen.widget.locator(".strip.warn")).to_be_hidden()


def test_what_the_server_masked_replaces_what_was_written(citizen: Citizen, chat: FakeChat) -> None:
    chat.silent = True
    citizen.open().ask("mitt nummer")
    citizen.until("!document.querySelector('fraga-goteborg').conversation.outgoing.length")
    message = chat.talk.messages[-1]
    chat.frame(type="message", seq=message["seq"], message={**message, "text": "[personnummer]"})
    expect(citizen.rows("citizen").locator(".text")).to_have_text("[personnummer]")


def test_an_empty_message_is_not_sent(citizen: Citizen, chat: FakeChat) -> None:
    citizen.open()
    for text in ("", "   ", "\n\n"):
        citizen.ask(text)
        citizen.send.click()
    citizen.ask("avfall")
    expect(citizen.rows("bot")).to_have_count(2)
    assert len(chat.posts) == 1


def test_a_message_too_long_stays_in_the_field(citizen: Citizen, chat: FakeChat) -> None:
    citizen.open().input.fill("🙂" * 1990)
    expect(citizen.widget.locator("#count")).to_have_text("10 tecken kvar")
    citizen.ask("x" * 2001)
    expect(citizen.alert).to_have_text("Meddelandet är för långt")
    expect(citizen.input).to_have_value("x" * 2001)
    citizen.ask("🙂" * 2000)
    expect(citizen.rows("citizen")).to_have_count(1)
    expect(citizen.alert).to_be_empty()
    expect(citizen.rows("bot")).to_have_count(2)
    assert chat.said() == ["🙂" * 2000]


def test_works_without_storage_and_without_random_uuid(visitor: Callable[..., Citizen], chat: FakeChat) -> None:
    citizen = visitor()
    citizen.page.add_init_script(
        "Object.defineProperty(window, 'sessionStorage', { get() { throw new DOMException('no', 'SecurityError'); } });"
        "Object.defineProperty(crypto, 'randomUUID', { value: undefined });"
    )
    citizen.open().ask("avfall")
    expect(citizen.rows("bot")).to_have_count(2)
    assert len(chat.posts[0]) == 36
    assert citizen.problems == []
