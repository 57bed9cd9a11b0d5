"""Names of languages, the shell's words, the action call and the tracker store."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import yaml
from jsonschema import ValidationError
from rasa.core.actions.action import RemoteAction
from rasa.core.channels import console as rasa_console
from rasa.shared.core.constants import ACTION_SESSION_START_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from bot.nlu import console, remote_action
from bot.nlu.language_names import find, pattern
from bot.nlu.tracker_store import BoundedTrackerStore

ROOT = Path(__file__).resolve().parents[3]
NAMES = {"arabiska": "ar", "العربية": "ar", "af-soomaali": "so", "soomaali": "so", "suomeksi": "fi"}


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Pratar du arabiska?", ["ar"]),
        ("ARABISKA tack", ["ar"]),
        ("هل تتكلم العربية؟", ["ar"]),
        ("iigu jawaab af-soomaali", ["so"]),
        ("vastaa suomeksi, kiitos", ["fi"]),
        ("arabiskalärare sökes", []),
        ("", []),
    ],
)
def test_names_of_languages_are_found_as_whole_words(text, codes):
    assert [entity["value"] for entity in find(text, NAMES, pattern(NAMES))] == codes


def synonyms():
    """Name → code, as Rasa reads the file and `LanguageNames` keeps it."""
    blocks = yaml.safe_load((ROOT / "nlu_data" / "synonyms" / "languages.yml").read_text(encoding="utf-8"))["nlu"]
    return {line[2:].strip().lower(): block["synonym"] for block in blocks for line in block["examples"].splitlines()}


def test_every_language_we_answer_in_is_known_by_its_own_name():
    names = synonyms()
    words = pattern(names)
    for language in yaml.safe_load((ROOT / "texts" / "languages.yml").read_text(encoding="utf-8")):
        found = [entity["value"] for entity in find(language["name"], names, words)]
        assert found, language
        assert set(found) == {language["code"]}, language


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("İngilizce lütfen", "en"),
        ("po polsku proszę", "pl"),
        ("به فارسی لطفا", "fa"),
        ("на српском молим", "bs"),
        ("kurmancî", "ku"),
        ("sorani", "ckb"),
        ("ብትግርኛ", "ti"),
        ("réponds en français", "fr"),
        ("kan du ryska?", "ru"),
    ],
)
def test_languages_are_known_as_citizens_write_them(text, code):
    names = synonyms()
    assert [entity["value"] for entity in find(text, names, pattern(names))] == [code]


def test_without_names_nothing_is_found():
    assert find("arabiska", {}, pattern({})) == []


def shown(custom, language="sv"):
    """What the shell prints."""
    texts = {"clarify.intro": {"sv": "Menar du?", "en": "Do you mean?"}, "clarify.none": {"sv": "Nej", "en": "No"}}
    texts["call"] = {"sv": "Ring {phone:sos}, {who} {unknown}"}
    articles = {"a": {"title": "Tippen", "answer": "Gratis.\n", "sources": [{"title": "Regler", "url": "https://x"}]}}
    return console.render(custom, language, lambda key, code: texts[key][code], lambda id_, code: articles[id_], {"sos": "112"})


def test_the_shell_shows_an_article_with_its_source():
    assert shown({"type": "answer", "article_ids": ["a"]}) == ["\nTippen", "Gratis.", "  Regler: https://x"]


def test_the_shell_shows_choices_with_what_to_type():
    custom = {
        "type": "clarify",
        "key": "clarify.intro",
        "buttons": [{"title": "Tippen", "payload": "/a"}, {"title_key": "clarify.none", "payload": "/none_of_these"}],
    }
    assert shown(custom, "en") == ["Do you mean?", "  1. Tippen   /a", "  2. No   /none_of_these"]


def test_the_shell_fills_numbers_and_parameters_and_shows_what_is_missing():
    assert shown({"type": "text", "key": "call", "params": {"who": "nu"}}) == ["Ring 112, nu {unknown}"]


def test_the_shell_renders_our_replies_and_leaves_others_alone(capsys):
    console.install()
    console.remember("fi")
    rasa_console._print_bot_output({"custom": {"type": "text", "key": "thanks"}})
    rasa_console._print_bot_output({"custom": {"other": 1}})
    printed = capsys.readouterr().out
    assert "{" not in printed.splitlines()[0] and "thanks" not in printed.splitlines()[0]
    assert '"other": 1' in printed


def test_a_language_without_texts_leaves_the_shells_language():
    console.remember("ar")
    console.remember("zh")
    assert console._last["language"] == "ar"


def test_an_action_result_is_validated_without_building_the_schema_again(monkeypatch):
    remote_action.install()
    monkeypatch.setattr(RemoteAction, "action_response_format_spec", staticmethod(lambda: pytest.fail("built again")))
    action = RemoteAction("action_x", None)
    assert action._validate_action_result({"events": [{"event": "slot", "name": "a", "value": 1}], "responses": [{"custom": {}}]})


@pytest.mark.parametrize("wrong", [{"events": "no"}, {"responses": [1]}, []])
def test_a_wrong_action_result_is_refused_with_the_actions_name(wrong):
    remote_action.install()
    with pytest.raises(ValidationError, match="action_x"):
        RemoteAction("action_x", None)._validate_action_result(wrong)


@pytest.mark.parametrize("address", ["http://127.0.0.1:6000", "http://127.0.0.1:6000/", "http://127.0.0.1:6000/webhook"])
def test_the_setting_actions_url_wins_over_the_file(monkeypatch, address):
    remote_action.install()
    monkeypatch.setenv("ACTIONS_URL", address)
    endpoint = EndpointConfig("http://127.0.0.1:5055/webhook")
    assert RemoteAction("action_x", endpoint).action_endpoint.url == "http://127.0.0.1:6000/webhook"


def test_without_the_setting_the_file_holds(monkeypatch):
    remote_action.install()
    monkeypatch.delenv("ACTIONS_URL", raising=False)
    assert RemoteAction("a", EndpointConfig("http://h:1/webhook")).action_endpoint.url == "http://h:1/webhook"


def test_the_tracker_store_forgets_the_longest_untouched():
    store = BoundedTrackerStore(Domain.empty(), max_trackers=2)

    async def conversation() -> list[str]:
        for sender in ("a", "b", "a", "c"):
            await store.save(DialogueStateTracker.from_events(sender, []))
        return list(await store.keys())

    assert sorted(asyncio.run(conversation())) == ["a", "c"]


def test_an_older_tracker_comes_back_as_it_was():
    domain = Domain.empty()
    store = BoundedTrackerStore(domain, live_trackers=1)

    async def conversation() -> list[str]:
        for sender in ("a", "b"):
            tracker = DialogueStateTracker.from_events(sender, [])
            tracker.update(UserUttered(f"hej {sender}"), domain)
            await store.save(tracker)
        assert list(store.store) == ["a"]  # written; "b" is live
        found = [await store.retrieve(sender) for sender in ("a", "b")]
        return [tracker.latest_message.text for tracker in found]

    assert asyncio.run(conversation()) == ["hej a", "hej b"]


def test_only_the_last_session_of_a_live_tracker_is_continued():
    domain = Domain.empty()
    store = BoundedTrackerStore(domain)

    async def conversation() -> tuple[int, int]:
        tracker = DialogueStateTracker.from_events("a", [])
        for text in ("first", "second"):
            tracker.update(ActionExecuted(ACTION_SESSION_START_NAME), domain)
            tracker.update(UserUttered(text), domain)
        await store.save(tracker)
        last, whole = await store.retrieve("a"), await store.retrieve_full_tracker("a")
        return sum(isinstance(e, UserUttered) for e in last.events), sum(isinstance(e, UserUttered) for e in whole.events)

    assert asyncio.run(conversation()) == (1, 2)


def test_actions_share_one_connection():
    remote_action.install()
    endpoint = EndpointConfig("http://127.0.0.1:1/webhook")
    RemoteAction("a", endpoint)
    RemoteAction("b", endpoint)

    async def sessions() -> bool:
        async with endpoint.session() as one:
            pass
        async with endpoint.session() as two:
            pass
        same = one is two and not one.closed
        await one.close()
        async with endpoint.session() as three:
            fresh = three is not one
        await three.close()
        return same and fresh

    assert asyncio.run(sessions())


def test_an_action_call_without_domain_still_satisfies_the_action_server():
    remote_action.install()
    endpoint = EndpointConfig("http://h:1/webhook", enable_selective_domain=True)
    call = RemoteAction("a", endpoint)._action_call_format(DialogueStateTracker.from_events("c", []), Domain.empty())
    assert call["domain"] == {} and call["next_action"] == "a"
