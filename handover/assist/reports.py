"""An agent says that a bot answer was wrong, and what would have been right; the editors see it in a list of their own."""

# No `from __future__ import annotations` here: FastAPI reads the dependencies, which are local, from live annotations.

import datetime as dt
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query

from bot.core import Core
from bot.http import ApiError, faults
from bot.privacy.masking import mask
from bot.store import schema
from bot.store.engine import Connection, Transaction
from handover import context, repository
from handover.agent_actions import may_read, not_found
from handover.assist.knowledge_api import unavailable
from handover.assist.models import ReportDecision, WrongAnswer
from handover.auth import Agent, Session
from handover.identity.api import Requires
from handover.passing import Passing
from handover.queue import stamp
from knowledge.client import KnowledgeRefused, KnowledgeUnavailable

_r, _m = schema.answer_report.c, schema.message.c
_MOST = 200


class ReportsApi:
    """The routes of reports.

    Args:
        core: store, texts, knowledge and clock.
        passing: what of a handover an agent may see.
        requires: makes the dependency that lets a role in: `DeskApi.requires`.
    """

    def __init__(self, core: Core, passing: Passing, requires: Requires) -> None:
        self._core, self._passing, self._requires = core, passing, requires

    def router(self) -> APIRouter:
        """The routes. To be added before `/articles/{article_id}`."""
        router = APIRouter(prefix="/desk/v1", tags=["articles"], responses=faults(401, 403, 404, 422, 503))
        Agents = Annotated[Session, Depends(self._requires("desk", writes=True))]
        Editor = Annotated[Session, Depends(self._requires("edit", writes=False))]
        Decider = Annotated[Session, Depends(self._requires("edit", writes=True))]

        @router.post("/handovers/{handover_id}/reports", status_code=201, summary="A bot answer was wrong")
        async def report(handover_id: str, body: WrongAnswer, session: Agents) -> dict[str, Any]:
            return await self.report(session.agent, handover_id, body)

        @router.get("/articles/reports", summary="Wrong answers that agents have reported")
        async def listed(_: Editor, state: Annotated[str, Query(pattern="^(open|done|dismissed)$")] = "open") -> dict[str, Any]:
            async with self._core.store.read() as conn:
                return {"reports": await self._listed(conn, state), "open": await _count_open(conn)}

        @router.post("/articles/reports/{report_id}", summary="What became of a report")
        async def decide(report_id: str, body: ReportDecision, session: Decider) -> dict[str, Any]:
            now = self._core.now()
            async with self._core.store.write() as tx:
                done = await tx.conn.execute(
                    schema.answer_report.update().where(_r.id == report_id, _r.state != body.state)
                    .values(state=body.state, decided_by=session.agent.id, decided_at=now)
                )  # fmt: skip
                if done.rowcount:
                    action = f"answer.report_{body.state}"
                    await repository.write_audit(tx, actor=session.agent.id, action=action, target=report_id, now=now)
                elif (await tx.conn.execute(sa.select(_r.id).where(_r.id == report_id))).one_or_none() is None:
                    raise ApiError(404, "not_found", "there is no such report")
            return {"id": report_id, "state": body.state}

        _ = (report, listed, decide)
        return router

    async def report(self, agent: Agent, handover_id: str, body: WrongAnswer) -> dict[str, Any]:
        """Keeps the report; an agent's second one on the same answer replaces the first.

        Raises:
            ApiError: 404, 403, 422 not an answer of the bot that the agent may see, or no such article; 503.
        """
        if body.proposed_article_id is not None:
            try:
                proposed = await self._core.knowledge.article(body.proposed_article_id, "sv")
            except (KnowledgeUnavailable, KnowledgeRefused):
                raise unavailable() from None
            if proposed is None:
                raise ApiError(422, "no_such_article", "the proposed article is not in use")
        now = self._core.now()
        async with self._core.store.write() as tx:
            try:
                handover = await repository.get(tx.conn, handover_id)
            except LookupError:
                raise not_found() from None
            may_read(agent, handover)
            view = self._passing.view(agent, handover)
            shown = await context.visible_messages(tx.conn, handover, view, self._core.texts.direction, after=body.seq - 1)
            if not shown or shown[0]["seq"] != body.seq or shown[0]["author"] != "bot":
                raise ApiError(422, "not_an_answer", "that message is not an answer of the bot")
            answer = shown[0]
            # The agent's own words, but they may repeat the citizen's: masked like everything that editors see.
            values = {"article_id": answer.get("article_id"), "proposed_article_id": body.proposed_article_id,
                      "language": answer["language"], "question": mask(body.question).text, "note": mask(body.note).text,
                      "state": "open", "created_at": now, "decided_by": None, "decided_at": None}  # fmt: skip
            report_id = await _keep(tx, answer["message_id"], agent.id, values)
            detail = {"article_id": answer.get("article_id"), "proposed": body.proposed_article_id}
            await repository.write_audit(tx, actor=agent.id, action="answer.reported", target=report_id, now=now, detail=detail)
        return {"id": report_id, "state": "open"}

    async def _listed(self, conn: Connection, state: str) -> list[dict[str, Any]]:
        author = schema.agent.alias()
        query = (
            sa.select(schema.answer_report, author.c.name.label("agent_name"))
            .join(author, author.c.id == _r.agent_id)
            .where(_r.state == state)
            .order_by(_r.created_at.desc(), _r.id)
            .limit(_MOST)
        )
        names = ("id", "article_id", "proposed_article_id", "language", "question", "note", "state", "agent_name")
        return [{**{name: row._mapping[name] for name in names}, "created_at": _time(row.created_at)} | {
                    "dir": self._core.texts.direction(row.language)}
                for row in await conn.execute(query)]  # fmt: skip


def _time(moment: dt.datetime) -> str:
    return stamp(moment) or ""


async def _keep(tx: Transaction, message_id: str, agent_id: str, values: dict[str, Any]) -> str:
    own = sa.and_(_r.message_id == message_id, _r.agent_id == agent_id)
    known: str | None = (await tx.conn.execute(sa.select(_r.id).where(own))).scalar_one_or_none()
    if known is not None:
        await tx.conn.execute(schema.answer_report.update().where(_r.id == known).values(**values))
        return known
    report_id = schema.new_id()
    await tx.conn.execute(schema.answer_report.insert().values(id=report_id, message_id=message_id, agent_id=agent_id, **values))
    return report_id


async def _count_open(conn: Connection) -> int:
    query = sa.select(sa.func.count()).select_from(schema.answer_report).where(_r.state == "open")
    return int((await conn.execute(query)).scalar_one())
