"""Which message goes out next, and which must not go out at all."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

import sqlalchemy as sa

from bot.store import schema

_o, _m, _a, _c = schema.outbox.c, schema.message.c, schema.address.c, schema.conversation.c
WAITING = ("pending", "sending")
_EMERGENCY = "emergency"


@cache  # building it takes longer than running it
def next_due(state: Literal["sending", "pending"]) -> sa.Select[Any]:
    """The oldest due rows with all that is needed to send them.

    Parameters: `now`; `closed`, accounts that rest; `most`, how many rows.

    A conversation's messages go in their order, one at a time; one of which a part is out already goes before all others. What
    is said in danger waits for nothing but what was said in danger before it.

    Args:
        state: `sending`: those whose last send's outcome is unknown.
    """
    other, said = schema.outbox.alias("other"), schema.message.alias("said")
    half, other_half = _o.parts_sent > 0, other.c.parts_sent > 0
    before = sa.or_(
        sa.and_(other_half, sa.not_(half)),
        sa.and_(other.c.seq < _o.seq, sa.or_(other_half, sa.not_(half))),
    )
    in_the_way = (
        sa.select(sa.literal(1))
        .select_from(other.join(said, said.c.id == other.c.message_id))
        .where(
            other.c.conversation_id == _o.conversation_id,
            other.c.address_id == _o.address_id,
            other.c.state.in_(WAITING),
            before,
            sa.or_(_m.outcome.is_distinct_from(_EMERGENCY), said.c.outcome == _EMERGENCY),
        )
        .correlate(schema.outbox, schema.message)
        .exists()
    )
    query = (
        sa.select(schema.outbox, _m.text, _m.payload, _m.author, _m.language, _m.outcome, _m.article_id, _m.created_at,
                  _c.owner, _a.value_encrypted, _a.stopped_at, schema.agent.c.name.label("agent_name"))
        .join(schema.message, _m.id == _o.message_id)
        .join(schema.conversation, _c.id == _o.conversation_id)
        .join(schema.address, _a.id == _o.address_id)
        .outerjoin(schema.agent, schema.agent.c.id == _m.agent_id)
        .where(_o.state == state, _o.next_attempt_at <= sa.bindparam("now", type_=schema.UtcDateTime))
        .where(_o.account.not_in(sa.bindparam("closed", expanding=True)), sa.not_(in_the_way))
        .order_by(_o.next_attempt_at)
        .limit(sa.bindparam("most", type_=sa.Integer))
        .with_for_update(of=schema.outbox, skip_locked=True)  # left out by SQLite, which has one writer at a time
    )  # fmt: skip
    return query.where(_o.lease_worker.is_(None)) if state == "sending" else query


def must_not_go(*, author: str, outcome: str | None, final: bool, owner: str, stopped: bool) -> bool:
    """Whether a message is not sent any more. Asked once more right before it goes out.

    What the bot said is not sent while a human has the word, danger excepted; to whoever said stop only the confirmation goes.

    Args:
        final: it is that confirmation.
        owner: of the conversation, now.
        stopped: whether its address is.
    """
    silenced = author == "bot" and owner in ("queue", "agent") and outcome != _EMERGENCY
    return silenced or (stopped and not final)
