"""Editing over real HTTP: only with the token, every change checked, taken into use, written down and undone when it must be."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from knowledge.analysis import Analyst
from knowledge.article import load_article
from knowledge.editing.settings import EditingSettings
from knowledge.settings import Settings
from tests.knowledge.conftest import AVC, PRESCHOOL, article_data
from tests.knowledge.editing.conftest import ANNA, BO

pytestmark = pytest.mark.asyncio


async def detail(http: httpx.AsyncClient, article_id: str = "avc-regler") -> dict[str, Any]:
    response = await http.get(f"/editing/articles/{article_id}")
    assert response.status_code == 200, response.text
    return dict(response.json())


async def put(http: httpx.AsyncClient, article: dict[str, Any], base_hash: str | None, **more: Any) -> httpx.Response:
    body = {"article": article, "base_hash": base_hash, "author": ANNA, "approver": BO, "reason": "Rättat svaret"} | more
    return await http.put(f"/editing/articles/{article['id']}", json=body)


async def served(http: httpx.AsyncClient, article_id: str = "avc-regler") -> httpx.Response:
    return await http.get(f"/articles/{article_id}")


def changed(article: dict[str, Any], **answers: str) -> dict[str, Any]:
    return article | {"answer": article["answer"] | answers}


def recorded(settings: Settings) -> list[dict[str, Any]]:
    path = settings.var_dir / "knowledge" / "changes.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


async def test_a_change_is_what_citizens_get_from_then_on(http: httpx.AsyncClient, settings: Settings) -> None:
    before = await detail(http)
    version = (await http.get("/readyz")).json()["index_version"]
    written = await put(http, changed(before["article"], sv="Det är alltid gratis."), before["hash"])
    assert written.status_code == 200, written.text
    assert (await served(http)).json()["answer"] == "Det är alltid gratis."
    now = (await http.get("/readyz")).json()["index_version"]
    assert now == written.json()["index_version"] != version
    assert (await detail(http))["hash"] == written.json()["hash"] != before["hash"]
    (line,) = recorded(settings)
    assert (line["id"], line["author"], line["approver"], line["reason"]) == ("avc-regler", ANNA, BO, "Rättat svaret")
    assert (line["before"], line["after"]) == (before["hash"], written.json()["hash"])


async def test_without_the_token_nothing_can_be_read_or_written(http: httpx.AsyncClient) -> None:
    before = await detail(http)
    for token in ("", "Bearer", "Bearer wrong", "Bearer å"):
        headers = {"Authorization": token.encode()}
        for path in ("/editing/articles", "/editing/articles/avc-regler", "/editing/articles/avc-regler/versions/x"):
            assert (await http.get(path, headers=headers)).status_code == 401
        body = {"article": before["article"], "base_hash": before["hash"], "author": ANNA, "reason": "x"}
        refused = await http.put("/editing/articles/avc-regler", json=body, headers=headers)
        assert (refused.status_code, refused.json()["error"]["code"]) == (401, "unauthorized")


class TestUnconfigured:
    @pytest.fixture
    def editing(self) -> EditingSettings:
        return EditingSettings(_env_file=None, knowledge_token=SecretStr(""))

    async def test_a_service_without_a_token_says_which_setting_is_missing(self, http: httpx.AsyncClient) -> None:
        refused = await http.get("/editing/articles")
        assert refused.status_code == 503
        assert "KNOWLEDGE_TOKEN" in refused.json()["error"]["message"]
        assert (await served(http)).status_code == 200  # reading goes on


async def test_a_fault_is_refused_and_the_file_stays(http: httpx.AsyncClient, settings: Settings) -> None:
    before, path = await detail(http), settings.articles_dir / "avfall" / "avc-regler.yml"
    content = path.read_bytes()
    refused = await put(http, changed(before["article"], sv="ord " * 90), before["hash"])
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "faults")
    assert refused.json()["error"]["findings"][0]["field"] == "answer.sv"
    assert path.read_bytes() == content
    assert recorded(settings) == []


@pytest.mark.parametrize("odd", [{"status": "maybe"}, {"answer": None}, {"id": "../../etc"}, {"review_by": ""}, {"more": 1}])
async def test_data_that_are_no_article_are_refused_field_by_field(http: httpx.AsyncClient, odd: dict[str, Any]) -> None:
    before = await detail(http)
    body = {"article": before["article"] | odd, "base_hash": before["hash"], "author": ANNA, "reason": "x"}
    refused = await http.put("/editing/articles/avc-regler", json=body)
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "no_article")
    assert refused.json()["error"]["findings"][0]["field"].split(".")[0] == next(iter(odd))


async def test_an_area_that_does_not_exist_is_no_way_out_of_the_folder(http: httpx.AsyncClient, settings: Settings) -> None:
    before = await detail(http)
    refused = await put(http, before["article"] | {"area": "../.."}, before["hash"])
    assert refused.json()["error"]["code"] == "faults"
    assert not (settings.articles_dir.parent.parent / "avc-regler.yml").exists()


async def test_a_file_that_was_changed_since_is_not_overwritten(
    http: httpx.AsyncClient, edit: Callable[..., Path], settings: Settings
) -> None:
    before = await detail(http)
    path = edit(AVC, short={"sv": "Ändrat för hand.", "en": "Changed by hand."})
    refused = await put(http, changed(before["article"], sv="Nytt."), before["hash"])
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "changed")
    assert refused.json()["error"]["article"]["short"]["sv"] == "Ändrat för hand."
    assert load_article(path).short["sv"] == "Ändrat för hand."


async def test_of_two_who_write_at_once_one_wins(http: httpx.AsyncClient, settings: Settings) -> None:
    before = await detail(http)
    answers = await asyncio.gather(*(put(http, changed(before["article"], sv=f"Svar {n}."), before["hash"]) for n in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    assert len(recorded(settings)) == 1
    winner = next(n for n, answer in enumerate(answers) if answer.status_code == 200)
    assert (await served(http)).json()["answer"] == f"Svar {winner}."


async def test_a_press_repeated_changes_nothing_more(http: httpx.AsyncClient, settings: Settings) -> None:
    before = await detail(http)
    first, second = [await put(http, changed(before["article"], sv="Nytt."), before["hash"]) for _ in range(2)]
    assert (first.json()["changed"], second.json()["changed"]) == (True, False)
    assert first.json()["hash"] == second.json()["hash"]
    assert len(recorded(settings)) == 1


async def test_a_change_that_was_written_but_not_recorded_is_recorded_at_the_next_try(
    http: httpx.AsyncClient, settings: Settings
) -> None:
    before = await detail(http)
    await put(http, changed(before["article"], sv="Nytt."), before["hash"])
    (settings.var_dir / "knowledge" / "changes.jsonl").unlink()  # a crash came between
    await put(http, changed(before["article"], sv="Nytt."), before["hash"])
    (line,) = recorded(settings)
    assert line["before"] == before["hash"]


async def test_what_cannot_be_taken_into_use_is_undone(
    http: httpx.AsyncClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, path = await detail(http), settings.articles_dir / "avfall" / "avc-regler.yml"
    content = path.read_bytes()

    def fails(*_: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Analyst, "reload", fails)
    refused = await put(http, changed(before["article"], sv="Nytt."), before["hash"])
    assert (refused.status_code, refused.json()["error"]["code"]) == (500, "reload_failed")
    assert path.read_bytes() == content
    assert recorded(settings) == []
    new = await put(http, article_data("ny-artikel"), None)
    assert new.status_code == 500
    assert not (settings.articles_dir / "avfall" / "ny-artikel.yml").exists()


async def test_a_new_article_is_answered_with_at_once(http: httpx.AsyncClient) -> None:
    new = article_data(
        "ny-artikel", questions=article_data("x")["questions"] | {"sv": [f"Var finns snöleoparden {n}?" for n in range(25)]}
    )
    written = await put(http, new, None)
    assert written.status_code == 200, written.text
    found = (await http.post("/analyze", json={"text": "Var finns snöleoparden?"})).json()
    assert found["candidates"][0]["article_id"] == "ny-artikel"
    again = await put(http, changed(new, sv="Annat."), None)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "changed")


async def test_taking_a_wrong_answer_out_of_use_is_never_hindered_by_its_faults(
    http: httpx.AsyncClient, edit: Callable[..., Path]
) -> None:
    edit(AVC, answer=AVC["answer"] | {"sv": "Fel svar. Ring 031-365 00 00."})
    before = await detail(http)
    assert any(item["fault"] for item in before["findings"])
    written = await put(http, before["article"] | {"status": "expired"}, before["hash"], approver=None)
    assert written.status_code == 200, written.text
    assert (await served(http)).status_code == 410


async def test_an_article_moves_to_another_area(http: httpx.AsyncClient, settings: Settings) -> None:
    before = await detail(http)
    assert (await put(http, before["article"] | {"area": "forskola"}, before["hash"])).status_code == 200
    assert not (settings.articles_dir / "avfall" / "avc-regler.yml").exists()
    assert (await served(http)).json()["area"] == "forskola"


async def test_history_shows_each_change_and_an_earlier_version_can_come_back(http: httpx.AsyncClient) -> None:
    first = await detail(http)
    await put(http, changed(first["article"], sv="Andra svaret."), first["hash"], reason="Andra")
    second = await detail(http)
    await put(http, changed(second["article"], sv="Tredje svaret."), second["hash"], reason="Tredje")
    history = (await detail(http))["history"]
    assert [(item["reason"], item["kept"]) for item in history] == [("Tredje", True), ("Andra", True)]
    earlier = (await http.get(f"/editing/articles/avc-regler/versions/{first['hash']}")).json()
    assert earlier["article"] == first["article"]
    assert [item["field"] for item in earlier["changes"]] == ["answer.sv"]
    checked = (await http.post("/editing/check", json={"article": earlier["article"], "exact": True})).json()
    assert checked["hash"] == first["hash"]
    back = await put(http, checked["article"], checked["file_hash"], reason="Tillbaka")
    assert back.json()["hash"] == first["hash"]
    assert (await http.get("/editing/articles/avc-regler/versions/0000000000000000")).status_code == 404
    assert (await http.get("/editing/articles/avc-regler/versions/..%2F..%2Fx")).status_code == 404


async def test_a_stale_translation_shows_what_was_changed_in_the_swedish_text(http: httpx.AsyncClient) -> None:
    first = await detail(http)
    text = first["article"]["answer"]["sv"].replace("gratis", "nästan gratis")
    checked = (await http.post("/editing/check", json={"article": changed(first["article"], sv=text)})).json()
    assert checked["stale"] == ["en"]
    assert (await put(http, checked["article"], first["hash"])).status_code == 200
    translation = (await detail(http))["translations"]["en"]
    assert translation["state"] == "stale"
    assert ["added", " nästan"] in translation["changed_since"]


async def test_the_list_counts_and_finds(http: httpx.AsyncClient, edit: Callable[..., Path], settings: Settings) -> None:
    edit(PRESCHOOL, answer=PRESCHOOL["answer"] | {"sv": "ord " * 90})
    (settings.articles_dir / "avfall" / "trasig.yml").write_text("id: [", encoding="utf-8")
    listed = (await http.get("/editing/articles")).json()
    rows = {row["id"]: row for row in listed["articles"]}
    assert rows.keys() == {"avc-regler", "forskola-ansokan", "sfi"}
    assert rows["forskola-ansokan"]["faults"] == 1
    assert rows["avc-regler"]["phrasings"]["sv"] == len(AVC["questions"]["sv"])
    assert rows["avc-regler"]["languages"] == {"sv": "original", "en": "drafted"}
    assert [item["id"] for item in listed["faulty"]] == ["trasig"]
    assert listed["departments"]["forskola"]["sv"]
    found = (await http.get("/editing/articles", params={"q": "FÖRSKOLEPLATS hösten"})).json()
    assert [row["id"] for row in found["articles"]] == ["forskola-ansokan"]
    broken = (await http.get("/editing/articles/trasig")).json()
    assert broken["article"] is None
    assert broken["reasons"]
    assert (await http.get("/editing/articles/finns-inte")).status_code == 404


async def test_a_phrasing_that_finds_the_neighbour_is_told_from_one_that_does_not(http: httpx.AsyncClient) -> None:
    body = {"article_id": "avc-regler", "language": "sv",
            "phrasings": ["Vad kostar det på tippen?", "Hur söker jag plats i förskolan?"]}  # fmt: skip
    own, others = (await http.post("/editing/competition", json=body)).json()["phrasings"]
    assert own["neighbour_wins"] is False
    assert others["neighbour_wins"] is True
    neighbour = others["neighbours"][0]
    assert (neighbour["article_id"], neighbour["title"]) == ("forskola-ansokan", "Söka plats i förskola")
    assert neighbour["similarity"] > 0.8
    assert "avc-regler" not in [item["article_id"] for item in own["neighbours"]]


async def test_competition_counts_the_article_as_it_stands_in_the_form(http: httpx.AsyncClient) -> None:
    new = article_data(
        "ny-artikel", questions={"sv": ["Var finns snöleoparden?", "Snöleoparden i djurparken", "se snöleoparder"]}
    )
    body = {"article_id": "ny-artikel", "language": "sv", "phrasings": new["questions"]["sv"], "article": new}
    standings = (await http.post("/editing/competition", json=body)).json()["phrasings"]
    assert [item["neighbour_wins"] for item in standings] == [False] * 3
    lonely = body | {"phrasings": ["Kostar sfi pengar?"], "article": new | {"questions": {"sv": ["Kostar sfi pengar?"]}}}
    assert (await http.post("/editing/competition", json=lonely)).json()["phrasings"][0]["neighbour_wins"] is True
    assert (await http.post("/editing/competition", json=body | {"phrasings": []})).json() == {"phrasings": []}
