"""Whoever waits for a build from scratch sees how far it is and how long it will take."""

from knowledge.index.progress import Progress


def test_share_speed_and_time_left_are_said_now_and_then() -> None:
    now, said = [0.0], list[str]()
    progress = Progress([80] * 100, said.append, lambda: now[0], every=5)
    for _ in range(10):
        now[0] += 2
        progress.done(10)
    assert said == [
        "index: 30% encoded (30 of 100 texts), 5 texts/s, about 14 s left",
        "index: 60% encoded (60 of 100 texts), 5 texts/s, about 8 s left",
        "index: 90% encoded (90 of 100 texts), 5 texts/s, about 2 s left",
    ]


def test_long_texts_count_for_more() -> None:
    now, said = [0.0], list[str]()
    progress = Progress([80, 80, 1780], said.append, lambda: now[0], every=5)
    now[0] = 60
    progress.done(2)
    assert said == ["index: 10% encoded (2 of 3 texts), 0 texts/s, about 9 min left"]
