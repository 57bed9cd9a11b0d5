"""kill -9 in the middle of a turn: every message is answered after the restart, none is lost, none is answered twice.

Last of the stack tests (by its name): it leaves the processes restarted.
"""

from __future__ import annotations

import uuid

import httpx
import pytest

from tests.stack.conftest import Chat, Stack

pytestmark = pytest.mark.stack
QUESTION = "Hur ansöker jag om förskoleplats?"


def replies(chat: Chat) -> list[dict[str, object]]:
    return [message for message in chat.read()["messages"] if message["author"] in ("bot", "system")][1:]


@pytest.mark.parametrize("victim", ["knowledge serve", "-m actions", "rasa run"])
def test_a_service_killed_in_the_middle_of_a_turn(stack: Stack, victim: str) -> None:
    chat = stack.open()
    chat.send(QUESTION, wait=None)
    stack.kill(victim)
    chat.send("hur ansöker jag om bygglov", wait=None)
    stack.wait_until(lambda: {"forskola-ansokan", "bygglov-ansok"} <= {r.get("article_id") for r in replies(chat)}, 120)
    stack.wait_complete()
    answers = [reply.get("article_id") for reply in replies(chat)]
    assert answers.count("forskola-ansokan") == 1
    assert answers.count("bygglov-ansok") == 1


def test_danger_and_human_work_while_rasa_is_dead(stack: Stack) -> None:
    chat, other = stack.open(), stack.open()
    stack.kill("rasa run")
    said = chat.send(QUESTION)["messages"]
    assert said[0]["author"] == "system"
    assert said[0]["buttons"], "a human is offered"
    assert "112" in other.send("det brinner hos grannen")["messages"][0]["text"]
    asked = stack_open_human(stack)
    assert asked["preview"] is not None
    stack.wait_complete()


def stack_open_human(stack: Stack) -> dict[str, object]:
    return dict(stack.open().send("jag vill prata med en människa")["messages"][-1])


def test_the_app_killed_in_the_middle_of_turns(stack: Stack) -> None:
    chats = [stack.open() for _ in range(6)]
    keys = [str(uuid.uuid4()) for _ in chats]
    for chat, key in zip(chats, keys, strict=True):
        chat.send(QUESTION, wait=None, key=key)
    stack.kill("bot.serve")
    stack.wait_until(lambda: bool(stack.services()))
    for chat, key in zip(chats, keys, strict=True):  # the client sends again what it got no answer for
        try:
            chat.send(QUESTION, wait=20, key=key)
        except httpx.HTTPError:
            chat.send(QUESTION, wait=20, key=key)
    for chat in chats:
        messages = chat.read()["messages"]
        assert [m["text"] for m in messages if m["author"] == "citizen"] == [QUESTION]
        assert [m.get("article_id") for m in messages if m["author"] == "bot"].count("forskola-ansokan") == 1
    stack.wait_complete()
