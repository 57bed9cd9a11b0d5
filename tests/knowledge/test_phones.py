"""Numbers in running text."""

import pytest

from knowledge.article import KnowledgeBase, load_knowledge_base
from knowledge.phones import raw_numbers, with_placeholders
from knowledge.settings import Settings


@pytest.fixture(scope="module")
def base() -> KnowledgeBase:
    return load_knowledge_base(Settings().articles_dir)


def forms(number: str) -> list[str]:
    bare = number.replace("-", "").replace(" ", "")
    abroad = [f"+46 {bare[1:]}", f"+46 (0){number[1:]}"] if bare.startswith("0") else []
    return [number, number.replace("-", " "), bare, *abroad]


def test_every_published_number_is_recognised_however_it_is_written(base: KnowledgeBase) -> None:
    for key, phone in base.phones.items():
        for form in forms(phone.number):
            assert with_placeholders(f"Ring ({form}), vardagar.", base) == f"Ring ({{phone:{key}}}), vardagar.", form


@pytest.mark.parametrize(
    "text",
    [
        "112 kr",
        "1177.se",
        "https://example.org/112",
        "{phone:sos}",
        "§ 1 112,5",
        "20 112 platser",
        "112 000 platser",
        "031-123 45 67",
        "år 2023",
    ],
)
def test_what_is_no_published_number_stays(base: KnowledgeBase, text: str) -> None:
    assert with_placeholders(text, base) == text


def test_raw_numbers_are_found(base: KnowledgeBase) -> None:
    assert raw_numbers("Ring 031-123 45 67 eller 116111. {phone:sos}, 1177.se, 404 kr", base) == ["031-123 45 67", "116 111"]
