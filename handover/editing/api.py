"""`/desk/v1/articles…`: the editors' HTTP API (docs/architecture.md, "Editors")."""

# No `from __future__ import annotations` here: FastAPI reads the dependencies, which are local, from live annotations.

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response

from bot.core import Core
from bot.http import ApiError, faults
from handover import accounts, repository
from handover.auth import Agent, Session
from handover.editing import changes
from handover.editing.changes import ArticleChange
from handover.editing.faults import ask
from handover.editing.merge import merge
from handover.editing.models import Checking, Comparing, Deciding, Draft, Expiring, Proposing, Quick, Rebasing, Rejecting
from handover.editing.view import shown
from handover.editing.workflow import Workflow
from knowledge.editing.client import EditingClient
from knowledge.editing.difference import differences

ArticleId = Annotated[str, Path(max_length=64, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
ChangeId = Annotated[str, Path(max_length=32)]


class EditingApi:
    """The editors' routes.

    Args:
        core: store, texts and clock.
        knowledge: the knowledge service's editing routes.
        requires: makes the dependency that lets a role in: `DeskApi.requires`.
    """

    def __init__(self, core: Core, knowledge: EditingClient, requires: Callable[..., Callable[..., Awaitable[Session]]]) -> None:
        self._core, self._knowledge, self._requires = core, knowledge, requires
        self.workflow = Workflow(core, knowledge)

    def router(self) -> APIRouter:
        """The routes."""
        router = APIRouter(prefix="/desk/v1/articles", tags=["articles"], responses=faults(401, 403, 404, 409, 413, 422, 503))
        self._add_changes(router)
        self._add_deciding(router)
        self._add_checking(router)
        self._add_articles(router)
        return router

    def _add_articles(self, router: APIRouter) -> None:
        Reader = Annotated[Session, Depends(self._requires("read", writes=False))]
        Editor = Annotated[Session, Depends(self._requires("edit", writes=False))]
        Writer = Annotated[Session, Depends(self._requires("edit", writes=True))]

        @router.get("", summary="All articles in short; with a text only those that contain its words")
        async def articles(session: Reader, q: Annotated[str, Query(max_length=200)] = "") -> dict[str, Any]:
            return await self.listing(session.agent, q)

        @router.get("/{article_id}", summary="One article; to editors with its findings, history and open changes")
        async def article(article_id: ArticleId, session: Reader) -> dict[str, Any]:
            return await self.article(session.agent, article_id)

        @router.get("/{article_id}/versions/{version}", summary="An earlier version, and what differs from it today")
        async def version(
            article_id: ArticleId, version: Annotated[str, Path(max_length=64)], _: Editor
        ) -> dict[str, Any]:  # fmt: skip
            return await ask(self._knowledge.version(article_id, version))

        @router.post("/{article_id}/competition", summary="How phrasings stand among those of other articles")
        async def competition(article_id: ArticleId, body: Comparing, _: Writer) -> dict[str, Any]:
            asked = self._knowledge.competition(article_id, body.language, body.phrasings, body.article)
            return await ask(asked)

        @router.post("/{article_id}/draft", summary="Keep what is written so far; only its author sees it")
        async def draft(article_id: ArticleId, body: Draft, session: Writer) -> dict[str, Any]:
            return await self._one(await self.workflow.save_draft(session.agent, article_id, body))

        @router.post("/{article_id}/proposals", summary="Propose with one press: expire, review date, earlier version, reviewed")
        async def quick(article_id: ArticleId, body: Quick, session: Writer) -> dict[str, Any]:
            return await self._one(await self.workflow.quick(session.agent, article_id, body))

        @router.post("/{article_id}/expire", summary="Take a wrong answer out of use at once")
        async def expire(article_id: ArticleId, body: Expiring, session: Writer) -> dict[str, Any]:
            done = await self.workflow.expire(session.agent, article_id, body.reason)
            return {"change": await self._one(done) if done else None}

        _ = (articles, article, version, competition, draft, quick, expire)

    def _add_checking(self, router: APIRouter) -> None:
        Writer = Annotated[Session, Depends(self._requires("edit", writes=True))]

        @router.post("/check", summary="Findings, preview and differences of an article as it stands in the form")
        async def check(body: Checking, _: Writer) -> dict[str, Any]:
            return await ask(self._knowledge.check(body.article, body.reviewed))

        _ = (check,)

    def _add_changes(self, router: APIRouter) -> None:
        Editor = Annotated[Session, Depends(self._requires("edit", writes=False))]

        @router.get("/changes", summary="Proposals that wait for a decision, the own open ones, and the last decided")
        async def listed(session: Editor) -> dict[str, Any]:
            async with self._core.store.read() as conn:
                opened, closed = await changes.open_ones(conn), await changes.decided(conn)
                names = await self._names(conn, opened + closed)
            show = [(item, shown(item, names)) for item in opened]
            me = session.agent.id
            return {
                "to_decide": [row for item, row in show if item.state == "proposed" and item.author_id != me],
                "mine": [row for item, row in show if item.author_id == me],
                "decided": [shown(item, names) for item in closed],
            }

        @router.get("/changes/counts", summary="How many wait for the reader, and how many own ones are open")
        async def counts(session: Editor) -> dict[str, int]:
            async with self._core.store.read() as conn:
                opened = await changes.open_ones(conn)
            mine = [item for item in opened if item.author_id == session.agent.id]
            others = [item for item in opened if item.state == "proposed" and item.author_id != session.agent.id]
            return {"to_decide": len(others), "mine": len(mine)}

        @router.get("/changes/{change_id}", summary="One change with what it would do, and its conflicts with the file as it is")
        async def one(change_id: ChangeId, session: Editor) -> dict[str, Any]:
            return await self.change(session.agent, change_id)

        _ = (listed, counts, one)

    def _add_deciding(self, router: APIRouter) -> None:
        Writer = Annotated[Session, Depends(self._requires("edit", writes=True))]
        flow = self.workflow

        @router.post("/changes/{change_id}/propose", summary="The author's draft becomes a proposal")
        async def propose(change_id: ChangeId, body: Proposing, session: Writer) -> dict[str, Any]:
            return await self._one(await flow.propose(session.agent, change_id, body))

        @router.post("/changes/{change_id}/withdraw", summary="The author takes the proposal back to go on writing")
        async def withdraw(change_id: ChangeId, body: Deciding, session: Writer) -> dict[str, Any]:
            return await self._one(await flow.withdraw(session.agent, change_id, body.version))

        @router.post("/changes/{change_id}/discard", status_code=204, summary="The author throws the draft away")
        async def discard(change_id: ChangeId, body: Deciding, session: Writer) -> Response:
            await flow.discard(session.agent, change_id, body.version)
            return Response(status_code=204)

        @router.post("/changes/{change_id}/rebase", summary="The author's change is made anew from the file as it is")
        async def rebase(change_id: ChangeId, body: Rebasing, session: Writer) -> dict[str, Any]:
            return await self._one(await flow.rebase(session.agent, change_id, body))

        @router.post("/changes/{change_id}/publish", summary="Somebody else than the author writes it to the knowledge base")
        async def publish(change_id: ChangeId, body: Deciding, session: Writer) -> dict[str, Any]:
            try:
                async with self._core.store.read() as conn:
                    author = await accounts.get(conn, (await changes.get(conn, change_id)).author_id)
            except LookupError:
                raise ApiError(404, "not_found", "there is no such change") from None
            return await self._one(await flow.publish(session.agent, change_id, body.version, author))

        @router.post("/changes/{change_id}/reject", summary="Somebody else than the author turns it down, with a note")
        async def reject(change_id: ChangeId, body: Rejecting, session: Writer) -> dict[str, Any]:
            return await self._one(await flow.reject(session.agent, change_id, body))

        _ = (propose, withdraw, discard, rebase, publish, reject)

    async def listing(self, by: Agent, text: str) -> dict[str, Any]:
        """The list of articles; editors see what is open on each."""
        found = await ask(self._knowledge.listing(text))
        codes = dict.fromkeys([language.code for language in self._core.texts.languages()])
        codes |= {code: None for row in found["articles"] for code in row["languages"]}
        found["languages"] = [{"code": code, "dir": self._core.texts.direction(code)} for code in codes]
        if not by.may("edit"):
            served = [row for row in found["articles"] if row["answerable"]]
            return found | {"articles": served, "faulty": [], "open": {}, "new": []}
        async with self._core.store.read() as conn:
            opened = await changes.open_ones(conn)
            names = await self._names(conn, opened)
        by_article: dict[str, dict[str, Any]] = {}
        for item in opened:
            row = by_article.setdefault(item.article_id, {"proposals": 0, "draft": False, "drafters": []})
            if item.state == "proposed":
                row["proposals"] += 1
            elif item.author_id == by.id:
                row["draft"] = True
            else:
                row["drafters"].append(names.get(item.author_id, ""))
        new = [shown(item, names) for item in opened if item.base_hash is None and _is_shown(item, by)]
        return found | {"open": by_article, "new": new}

    async def article(self, by: Agent, article_id: str) -> dict[str, Any]:
        """One article; readers who do not edit get what citizens get, and nobody's name."""
        found = await ask(self._knowledge.article(article_id))
        if not by.may("edit"):
            if not found.get("answerable"):
                raise ApiError(404, "not_found", "there is no such article in use")
            return {name: found[name] for name in ("article", "hash", "answerable", "preview")}
        async with self._core.store.read() as conn:
            opened = await changes.open_ones(conn, article_id)
            names = await self._names(conn, opened)
        found["history"] = [
            item | {"author": item["author"]["name"], "approver": (item["approver"] or {}).get("name")}
            for item in found["history"]
        ]
        own = next((item for item in opened if item.state == "draft" and item.author_id == by.id), None)
        return found | {
            "draft": shown(own, names) | {"content": own.content} if own else None,
            "proposals": [shown(item, names) for item in opened if item.state == "proposed"],
            "drafters": [names.get(item.author_id, "") for item in opened if item.state == "draft" and item.author_id != by.id],
        }

    async def change(self, by: Agent, change_id: str) -> dict[str, Any]:
        """One change. An open one is held against the file as it is this moment."""
        async with self._core.store.read() as conn:
            try:
                item = await changes.get(conn, change_id)
            except LookupError:
                raise ApiError(404, "not_found", "there is no such change") from None
            if not _is_shown(item, by):
                raise ApiError(404, "not_found", "there is no such change")
            names = await self._names(conn, [item])
        seen = shown(item, names) | {"content": item.content, "mine": item.author_id == by.id}
        if item.state not in ("draft", "proposed"):
            return {"change": seen, "changes": differences(item.base, item.content["article"]), "conflict": None}
        exact = item.state == "proposed"
        asked = self._knowledge.check(item.content["article"], item.content["reviewed"], exact or item.content["exact"])
        checked = await ask(asked)
        body = {"change": seen, "changes": checked["changes"], "conflict": None} | {
            name: checked[name] for name in ("findings", "preview", "valid", "stale", "article")
        }
        if checked["file_hash"] not in (item.base_hash, item.content.get("hash")):
            body["conflict"] = await self._conflict(item)
        return body

    async def _conflict(self, item: ArticleChange) -> dict[str, Any]:
        """The three versions side by side, and what they make together."""
        now = await ask(self._knowledge.article(item.article_id))
        current = now["article"] or {}
        merged = merge(item.base or {}, current, item.content["article"])
        return {
            "hash": now["hash"],
            "current_changes": differences(item.base, current),
            "proposed_changes": differences(item.base, item.content["article"]),
            "fields": [vars(conflict) for conflict in merged.conflicts],
            "theirs": merged.theirs,
            "merged": merged.article,
        }

    async def _one(self, change: ArticleChange) -> dict[str, Any]:
        async with self._core.store.read() as conn:
            return shown(change, await self._names(conn, [change]))

    @staticmethod
    async def _names(conn: Any, items: list[ArticleChange]) -> dict[str, str]:
        return await repository.agent_names(conn, [*(i.author_id for i in items), *(i.decided_by for i in items)])


def _is_shown(item: ArticleChange, by: Agent) -> bool:
    """A draft is its author's alone."""
    return item.state != "draft" or item.author_id == by.id
