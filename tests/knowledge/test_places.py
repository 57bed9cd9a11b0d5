"""Another city's name is seen in any language; words that only look like one are not."""

import pytest

from knowledge.places import names_another_city


@pytest.mark.parametrize(
    "text",
    [
        "Vad kostar förskolan i Malmö?", "söka dagis i stockholm", "Boråsin esikoulu", "parking permit in Uppsala",
        "hyra lokal i lilla edet", "ما هي رسوم الروضة في مالمو", "дитячий садок у Стокгольмі", "Malmö'de park izni", "bibliotek i Lund",
        "mölndals bygglov", "molndal bygglov",
    ],
)  # fmt: skip
def test_another_city_is_seen(text: str) -> None:
    assert names_another_city(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "Jag flyttar från Malmö till Göteborg, hur söker jag förskola?", "träd som lutar över min mark", "gräva på mark", "vara hemma",
        "Nora heter min dotter", "kan man vara med", "bo nära boden vid kajen", "nån har målat hakkors", "je suis malade", "Angered", "berg och buller", "gbg stad eller stockholm?",
    ],
)  # fmt: skip
def test_words_that_look_like_a_name_are_not_taken_for_one(text: str) -> None:
    assert not names_another_city(text)
