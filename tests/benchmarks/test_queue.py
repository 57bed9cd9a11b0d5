"""The simulated day: everybody is accounted for, the same seed gives the same day, and the standard library keeps its `queue`."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.desk_day import Day, figures, gini, interval
from bot.settings import ROOT
from handover.settings import load_settings


def day(seed: int = 3) -> Day:
    return Day(seed, 600, 5, load_settings(), 0.4).run()


def test_everybody_who_asked_was_taken_left_or_still_waits_at_closing_time() -> None:
    simulated = day()
    asked = len(simulated.citizens)
    taken = sum(one.taken is not None for one in simulated.citizens)
    waits = sum(one.taken is None for one in simulated.queue.values())
    assert asked > 100
    assert asked == taken + simulated.counts["left the queue"] + waits
    assert all(one.taken >= one.joined for one in simulated.citizens if one.taken is not None)


def test_nobody_has_more_than_they_should_and_no_later_one_alike_goes_first() -> None:
    simulated = day()
    assert all(len(worker.has) <= worker.desk.capacity for worker in simulated.workers)
    assert figures(simulated)["overtaken by a later one alike"] == 0


def test_the_same_seed_is_the_same_day() -> None:
    assert figures(day()) == figures(day())
    assert figures(day()) != figures(day(4))


def test_the_measures() -> None:
    assert gini([2, 2, 2]) == 0
    assert gini([0, 0, 3]) > 0.6
    mean, low, high = interval([1.0, 2.0, 3.0])
    assert low <= mean == 2 <= high


def test_scripts_of_the_folder_get_the_queue_of_the_standard_library() -> None:
    code = "import sys; sys.path.insert(0, 'benchmarks'); import queue; queue.SimpleQueue(); queue.Empty; print('fine')"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "fine"
