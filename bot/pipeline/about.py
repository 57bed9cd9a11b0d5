"""What a follow-up ("and for children?") is about: the articles of the last answer."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from bot.core import Core
from bot.store import schema
from bot.store.engine import Connection

MOST = 3  # articles in one answer
_LOOKED_AT = 12  # messages: the last turns' replies
_ASIDE = ("smalltalk", "flow", None)  # "thanks" leaves the topic as it is; None are lines beside an answer


async def about_of(core: Core, conn: Connection, conversation_id: str, seq: int) -> tuple[str, ...]:
    """Articles of the last answer, in its order.

    Args:
        core: for the clock and the setting `about_minutes`: an older answer is no longer what the citizen speaks of.
        conn: a connection.
        conversation_id: whose.
        seq: of the citizen's message.

    Returns:
        At most three ids; none when the last turn gave no answer but a question back, a don't-know or an agent's word. Then
        the citizen has begun something else.
    """
    if seq <= 2 or core.settings.about_minutes <= 0:  # only the greeting came before
        return ()
    m = schema.message.c
    query = (
        sa.select(m.author, m.outcome, m.article_id, m.turn_id, m.created_at)
        .where(m.conversation_id == conversation_id, m.seq < seq, m.author.in_(("bot", "agent")))
        .order_by(m.seq.desc())
        .limit(_LOOKED_AT)
    )
    said = [row for row in (await conn.execute(query)).all() if row.author == "agent" or row.outcome not in _ASIDE]
    oldest = core.now() - dt.timedelta(minutes=core.settings.about_minutes)
    if not said or said[0].author == "agent" or said[0].created_at < oldest:
        return ()
    shown = [row.article_id for row in reversed(said) if row.turn_id == said[0].turn_id and row.article_id is not None]
    return tuple(dict.fromkeys(shown))[:MOST]
