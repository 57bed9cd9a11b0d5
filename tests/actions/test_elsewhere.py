"""Questions that are somebody else's get a pointer; a fitting article goes first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from actions import answering, elsewhere
from actions.answer_faq import ActionAnswerFaq
from actions.fallback import ActionDefaultFallback
from actions.out_of_scope import ActionOutOfScope
from actions.thresholds import Thresholds, parse
from actions.turn import read

LIMITS = Thresholds(answer=0.6, clarify=0.2, elsewhere=0.5)
ROOT = Path(__file__).resolve().parents[2]


def whose(group: str, probability: float) -> dict[str, Any]:
    """As the knowledge service says it."""
    return {"id": group, "probability": probability}


@pytest.mark.asyncio
@pytest.mark.parametrize("action", [ActionAnswerFaq(), ActionDefaultFallback(), ActionOutOfScope()], ids=lambda a: a.name())
async def test_a_question_for_the_tax_agency_is_pointed_there(conversation, candidate, action):
    conversation.citizen("deklarera", candidates=[candidate("faktura", 0.01)], elsewhere=whose("skatteverket", 0.97))
    (reply,) = await conversation.answered_by(action)
    assert reply == {
        "type": "text",
        "outcome": "out_of_scope",
        "key": "elsewhere.skatteverket",
        "probability": 0.97,
        "links": [{"url": "https://www.skatteverket.se", "title": "Skatteverket"}],
    }


@pytest.mark.asyncio
async def test_another_city_has_no_link(conversation):
    (reply,) = await conversation.citizen("förskola i Malmö", elsewhere=whose("annan-kommun", 0.99)).answered_by(
        ActionAnswerFaq()
    )
    assert reply["key"] == "elsewhere.annan-kommun" and "links" not in reply


@pytest.mark.parametrize(
    ("probability", "kind"), [(0.9, "answer"), (0.3, "clarify")], ids=["a sure article", "an article in between"]
)
def test_an_article_goes_before_the_pointer(conversation, candidate, probability, kind):
    conversation.citizen("namn", candidates=[candidate("a", probability)], elsewhere=whose("skatteverket", 0.97))
    assert answering.answer_or_ask(read(conversation.tracker()), LIMITS).payloads[0]["type"] == kind


@pytest.mark.parametrize(
    ("probability", "key"),
    [(0.9, None), (0.3, "elsewhere.skatteverket")],
    ids=["a sure article", "an article in between"],
)
def test_out_of_scope_gives_way_to_a_sure_article_alone(conversation, candidate, probability, key):
    conversation.citizen("namn", candidates=[candidate("a", probability)], elsewhere=whose("skatteverket", 0.97))
    assert answering.not_ours(read(conversation.tracker()), LIMITS).payloads[0].get("key") == key


@pytest.mark.parametrize("unknown", [None, whose("skatteverket", 0.4), whose("ovrigt", 0.99), whose("../../etc", 0.99)])
def test_without_a_known_place_it_is_said_as_before(conversation, unknown):
    conversation.citizen("recept på kanelbullar", "out_of_scope", elsewhere=unknown)
    turn = read(conversation.tracker())
    assert answering.not_ours(turn, LIMITS).payloads[0]["key"] == "out_of_scope"
    assert answering.answer_or_ask(turn, LIMITS).payloads[0]["key"] == "dont_know"


def test_every_group_with_a_name_is_a_place_with_the_url_of_its_file():
    files = {path.stem: yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader) for path in elsewhere.FOLDER.glob("*.yml")}
    named = {name: data.get("url") for name, data in files.items() if data.get("name")}
    assert {name: place.url for name, place in elsewhere.places().items()} == named
    assert len(named) >= 10 and "ovrigt" not in named


@pytest.mark.parametrize("value", ["1.5", "-0.1"])
def test_a_wrong_threshold_stops_the_start(value):
    with pytest.raises(ValueError, match="elsewhere"):
        parse(f"answer: 0.6\nclarify: 0.2\nelsewhere: {value}")
