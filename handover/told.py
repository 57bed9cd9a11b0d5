"""What an agent has spoken of with a citizen: the bot is told, so that "and for children?" goes on from there."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
import structlog

from bot.core import Core
from bot.messages import Rendered, Reply
from bot.pipeline.about import MOST, RETURNED
from bot.pipeline.render import render_text
from bot.privacy.masking import mask
from bot.store import contacts, conversations, messages, schema
from bot.store.conversations import Conversation
from bot.store.engine import Connection, Transaction
from knowledge.client import KnowledgeRefused, KnowledgeUnavailable

_log = structlog.get_logger(__name__)
_SAID = 12  # of the agent's messages, the latest so many
_LONGEST = 1000  # characters of what is looked up
_SWEDISH = "sv"  # agents' notes


@dataclass(frozen=True)
class Topic:
    """An article the agent has spoken of.

    Args:
        how: `inserted` by the agent in a message, or `found`: the likeliest by the agent's own words.
        probability: of a found one.
    """

    article_id: str
    how: Literal["inserted", "found"]
    probability: float = 1.0


@dataclass(frozen=True)
class _Said:
    text: str
    article_id: str | None


class Told:
    """Finds what an agent spoke of, and hands it to the bot with the conversation.

    Args:
        core: the store and the knowledge service.
        least_probability: from here an article found by the agent's words counts; 0 to 1.
    """

    def __init__(self, core: Core, least_probability: float) -> None:
        self._core, self._least = core, least_probability

    async def topics(self, conversation_id: str, *, note: str | None = None, last: Sequence[str] = ()) -> list[Topic]:
        """What was spoken of since the bot last had the conversation, the latest first.

        What the note names comes first, then the articles that the agent put in; without either, what the agent's words are
        nearest to. A knowledge service that is down finds nothing: the conversation goes back all the same.

        Args:
            note: the agent's note to the bot, if there is one.
            last: what the agent wrote that is not stored yet, in order.
        """
        async with self._core.store.read() as conn:
            said = await _agents_words(conn, conversation_id)
            language = (
                await conn.execute(sa.select(schema.conversation.c.language).where(schema.conversation.c.id == conversation_id))
            ).scalar_one()
        inserted = list(dict.fromkeys(one.article_id for one in said if one.article_id is not None))[:MOST]
        if inserted and not note:
            return [Topic(article_id, "inserted") for article_id in inserted]
        words = " ".join([*(one.text for one in reversed(said)), *last])
        looked_up = await asyncio.gather(
            self._look_up(note or "", _SWEDISH), self._look_up("" if inserted else words[-_LONGEST:], language)
        )
        found = [topic for topic in looked_up if topic is not None]
        topics = {topic.article_id: topic for topic in [*found[:1], *(Topic(article_id, "inserted") for article_id in inserted)]}
        return list(topics.values())[:MOST]

    async def shown(self, topics: Sequence[Topic]) -> list[dict[str, Any]]:
        """For the agent: `{article_id, title (Swedish), how, probability}`; an article that can't be read is shown by its id."""
        titles = await asyncio.gather(*(self._title(topic.article_id) for topic in topics))
        return [{**dataclasses.asdict(topic), "title": title} for topic, title in zip(topics, titles, strict=True)]

    async def _title(self, article_id: str) -> str:
        try:
            article = await self._core.knowledge.article(article_id, _SWEDISH)
        except (KnowledgeUnavailable, KnowledgeRefused):
            article = None
        return article["title"] if article else article_id

    async def hand_over(self, tx: Transaction, conversation: Conversation, about: list[str]) -> None:
        """Tells the citizen that it is the bot again, and with the same message the bot what was spoken of.

        Args:
            about: ids of articles, at most three.
        """
        said = render_text(self._core, Reply("text", "agent.returned", author="system"), conversation.language)
        told = Rendered(said.author, said.text, said.language, RETURNED, None, {"about": about[:MOST]})
        await messages.append(tx, conversation.id, told, now=self._core.now())
        if conversation.awaiting == contacts.AWAITING:  # the agent's question: the bot would not know what to do with an answer
            await conversations.update(tx, conversation.id, awaiting=None)

    async def _look_up(self, text: str, language: str) -> Topic | None:
        text = mask(text).text.strip()
        if not text:
            return None
        try:
            found = await self._core.knowledge.analyze(text[:_LONGEST], language, k=1, min_probability=self._least)
        except (KnowledgeUnavailable, KnowledgeRefused) as fault:
            _log.warning("told_not_looked_up", error=type(fault).__name__)
            return None
        best = next((one for one in found["candidates"] if one["probability"] >= self._least), None)
        return Topic(best["article_id"], "found", best["probability"]) if best else None


async def _agents_words(conn: Connection, conversation_id: str) -> list[_Said]:
    """The agent's messages since the bot last had the conversation, the latest first."""
    m = schema.message.c
    mine = m.conversation_id == conversation_id
    began = sa.select(sa.func.coalesce(sa.func.max(m.seq), 0)).where(mine, m.author == "system", m.outcome == RETURNED)
    query = (
        sa.select(m.text, m.article_id)
        .where(mine, m.author == "agent", m.seq > began.scalar_subquery())
        .order_by(m.seq.desc())
        .limit(_SAID)
    )
    return [_Said(row.text, row.article_id) for row in await conn.execute(query)]
