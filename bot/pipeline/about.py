"""What a follow-up ("and for children?") is about: the articles of the last answer, the bot's or an agent's."""

from __future__ import annotations

import datetime as dt
from typing import Final

import sqlalchemy as sa

from bot.core import Core
from bot.pipeline.context import AgentsWord, Topic
from bot.store import schema
from bot.store.engine import Connection

MOST: Final = 3  # articles in one answer
RETURNED: Final = "returned"  # outcome of the system message with which the bot gets a conversation back
_LOOKED_AT = 12  # messages: the last turns' replies
_ASIDE = ("smalltalk", "flow", None)  # "thanks" leaves the topic as it is; None are lines beside an answer
_m = schema.message.c


async def about_of(core: Core, conn: Connection, conversation_id: str, seq: int) -> Topic:
    """What a message is likely to be about.

    Args:
        core: for the clock and the setting `about_minutes`: an older answer is no longer what the citizen speaks of.
        conn: a connection.
        conversation_id: whose.
        seq: of the citizen's message.
    """
    if seq <= 2 or core.settings.about_minutes <= 0:  # only the greeting came before
        return Topic()
    spoke = sa.or_(_m.author.in_(("bot", "agent")), sa.and_(_m.author == "system", _m.outcome == RETURNED))
    query = (
        sa.select(_m.seq, _m.author, _m.outcome, _m.article_id, _m.payload, _m.turn_id, _m.created_at)
        .where(_m.conversation_id == conversation_id, _m.seq < seq, spoke)
        .order_by(_m.seq.desc())
        .limit(_LOOKED_AT)
    )
    said = [row for row in (await conn.execute(query)).all() if row.author != "bot" or row.outcome not in _ASIDE]
    oldest = core.now() - dt.timedelta(minutes=core.settings.about_minutes)
    if not said or said[0].author == "agent" or said[0].created_at < oldest:
        return Topic()
    last = said[0]
    if last.author == "system":
        return Topic(tuple(last.payload.get("about", ()))[:MOST], await _agents_word(conn, conversation_id, last.seq))
    shown = [row.article_id for row in reversed(said) if row.turn_id == last.turn_id and row.article_id is not None]
    return Topic(tuple(dict.fromkeys(shown))[:MOST])


async def _agents_word(conn: Connection, conversation_id: str, before: int) -> AgentsWord | None:
    query = (
        sa.select(schema.agent.c.name, _m.text)
        .join(schema.agent, schema.agent.c.id == _m.agent_id)
        .where(_m.conversation_id == conversation_id, _m.author == "agent", _m.seq < before)
        .order_by(_m.seq.desc())
        .limit(1)
    )
    row = (await conn.execute(query)).one_or_none()
    return AgentsWord(row.name, row.text) if row else None
