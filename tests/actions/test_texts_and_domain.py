"""What the assistant names exists: texts in every language, actions in the domain, buttons as intents."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from rasa_sdk.executor import ActionExecutor

from actions import elsewhere, keys, payload
from actions.thresholds import parse

ROOT = Path(__file__).resolve().parents[2]
DOMAIN = yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))
INTENTS = {next(iter(entry)) for entry in DOMAIN["intents"]}
SAID_BY_RASA = [response[0]["custom"] for response in DOMAIN["responses"].values()]
KEYS = sorted(
    {value for name, value in vars(keys).items() if name.isupper() and name != "ELSEWHERE"}
    | {keys.ELSEWHERE + group for group in elsewhere.places()}
    | {reply["key"] for reply in SAID_BY_RASA}
    | {button["title_key"] for reply in SAID_BY_RASA for button in reply.get("buttons", [])}
)


LANGUAGES = [row["code"] for row in yaml.safe_load((ROOT / "texts" / "languages.yml").read_text(encoding="utf-8"))]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_key_has_a_text(language):
    texts = yaml.safe_load((ROOT / "texts" / f"{language}.yml").read_text(encoding="utf-8"))
    assert [key for key in KEYS if key not in texts] == []


def test_the_action_server_runs_exactly_the_actions_of_the_domain():
    executor = ActionExecutor()
    executor.register_package("actions")
    assert {item.name for item in executor.list_actions()} == set(DOMAIN["actions"])


def test_every_button_is_an_intent_of_the_domain():
    issued = [button["payload"] for reply in SAID_BY_RASA for button in reply.get("buttons", [])]
    issued += [payload.HUMAN, payload.HUMAN_DECLINED, payload.NONE_OF_THESE]
    issued += [payload.intent_payload("answer_article", article_id="x"), payload.intent_payload("choose_language", language="fi")]
    names = [re.match(r"/([a-z_]+)", text) for text in issued]
    assert {match.group(1) for match in names if match} <= INTENTS
    assert all(names)


def test_every_reply_in_the_domain_has_a_type_and_an_outcome_of_the_contract():
    for reply in SAID_BY_RASA:
        assert reply["type"] in {"answer", "clarify", "text", "offer_human", "end"}
        assert reply["outcome"] in {"smalltalk", "out_of_scope", "handover_offered", "emergency"}


def test_every_emergency_answers_and_then_offers_a_human_without_a_question_in_between():
    rules = yaml.safe_load((ROOT / "nlu_data" / "rules.yml").read_text(encoding="utf-8"))["rules"]
    said = {rule["steps"][0]["intent"]: [step["action"] for step in rule["steps"][1:]] for rule in rules}
    emergencies = {intent for intent in INTENTS if intent.startswith("emergency_")}
    assert len(emergencies) == 8
    for intent in emergencies:
        assert said[intent] == [f"utter_{intent}", "utter_emergency_offer_human"]


def test_every_intent_has_a_rule():
    rules = yaml.safe_load((ROOT / "nlu_data" / "rules.yml").read_text(encoding="utf-8"))["rules"]
    assert {rule["steps"][0]["intent"] for rule in rules} == INTENTS


@pytest.mark.parametrize("text", ["", "answer: 0.6", "answer: 0.2\nclarify: 0.6", "answer: 2\nclarify: 0.1"])
def test_wrong_thresholds_stop_the_start_with_their_name(text):
    with pytest.raises(ValueError, match=r"knowledge/settings\.yml"):
        parse(text)
