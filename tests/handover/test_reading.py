"""Who reads what a citizen wrote leaves a line in the audit log: one for a visit, not one for each refresh."""

from __future__ import annotations

import pytest

from tests.handover.conftest import Office


@pytest.mark.asyncio
@pytest.mark.parametrize("path", ["messages?after=0", "context"])
async def test_reading_is_audited_once_an_hour(office: Office, path: str) -> None:
    anna, bo = await office.staff("Anna Agent"), await office.staff("Bo Agent")
    _, handover_id = await office.in_queue("Hemlig text")
    for _ in range(3):
        assert "Hemlig text" in (await anna.get(f"/handovers/{handover_id}/{path}")).text
    await bo.get(f"/handovers/{handover_id}/{path}")
    rows = await office.audited("conversation.read")
    assert [(row.actor, row.object) for row in rows] == [(anna.id, handover_id), (bo.id, handover_id)]
    office.clock.forward(minutes=61)
    await anna.get(f"/handovers/{handover_id}/{path}")
    assert len(await office.audited("conversation.read")) == 3


@pytest.mark.asyncio
async def test_the_first_words_in_the_queue_are_read_too(office: Office) -> None:
    anna = await office.staff("Anna Agent")
    await office.in_queue("Hemlig text")
    for _ in range(3):
        assert "människa" in (await anna.queue())[0]["last_text"]
    assert [(row.actor, row.object) for row in await office.audited("queue.read")] == [(anna.id, anna.id)]


@pytest.mark.asyncio
async def test_what_is_refused_is_not_read(office: Office) -> None:
    anna = await office.staff("Anna Agent", departments=("social",))
    _, handover_id = await office.in_queue("Hemlig text")
    assert (await anna.get(f"/handovers/{handover_id}/messages?after=0")).status_code == 403
    assert await office.audited("conversation.read") == []
