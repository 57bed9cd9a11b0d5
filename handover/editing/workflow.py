"""The way of a change: draft, proposal, decision. Its author never decides; taking out of use needs no second pair of eyes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from bot.core import Core
from bot.http import ApiError
from handover.auth import Agent
from handover.editing import changes
from handover.editing.changes import ArticleChange, ChangeMoved, DraftExists, Kind
from handover.editing.faults import ask, moved, person, refused_by_knowledge, unavailable
from handover.editing.merge import merge
from handover.editing.models import Draft, Proposing, Quick, Rebasing, Rejecting
from handover.editing.view import shown
from knowledge.editing.client import EditingClient, EditingRefused, EditingUnavailable

RESERVED = frozenset({"changes", "check", "new"})  # addresses of the API
_CITY_TIME = ZoneInfo("Europe/Stockholm")
_EXPIRE_TRIES = 3  # how often an expiry goes round a file that changes under it

Data = dict[str, Any]


class Workflow:
    """What editors can do with articles.

    Args:
        core: store and clock.
        knowledge: the knowledge service's editing routes.
    """

    def __init__(self, core: Core, knowledge: EditingClient) -> None:
        self._core, self._knowledge = core, knowledge

    async def save_draft(self, by: Agent, article_id: str, body: Draft) -> ArticleChange:
        """Keeps what is written so far.

        Raises:
            ApiError: 409 `draft_moved` another window saved or proposed it, 409 `changed` the file is another since,
                404 no such article, 422 an id that can't be.
        """
        content = {"article": body.article | {"id": article_id}, "reviewed": body.reviewed, "exact": False}
        async with self._core.store.read() as conn:
            draft = await changes.draft_of(conn, article_id, by.id)
        if draft is None:
            if body.version is not None:
                raise ApiError(409, "draft_moved", "the draft was proposed or thrown away in another window", draft=None)
            base = await self._base(article_id, body.base_hash)
            return await self._new_draft(by, article_id, body, content, base)
        if draft.content == content and draft.reason == body.reason:
            return draft  # saved already: the answer was lost
        if body.version != draft.version:
            seen = shown(draft, {}) | {"content": draft.content}
            raise ApiError(409, "draft_moved", "the draft was saved in another window", draft=seen)
        try:
            async with self._core.store.write() as tx:
                return await changes.update(tx, draft, now=self._core.now(), content=content, reason=body.reason)
        except ChangeMoved:
            raise ApiError(409, "draft_moved", "the draft was saved in another window", draft=None) from None

    async def _new_draft(self, by: Agent, article_id: str, body: Draft, content: Data, base: Data | None) -> ArticleChange:
        kind: Kind = "edit" if base is not None else "new"
        if kind == "new" and (article_id in RESERVED or len(article_id) > 64):
            raise ApiError(422, "bad_id", "an article can't be called that")
        try:
            async with self._core.store.write() as tx:
                return await changes.create(
                    tx, article_id=article_id, kind=kind, base_hash=body.base_hash, base=base, content=content, state="draft",
                    author_id=by.id, reason=body.reason, now=self._core.now(),
                )  # fmt: skip
        except DraftExists:
            raise ApiError(409, "draft_moved", "the draft was begun in another window", draft=None) from None

    async def _base(self, article_id: str, base_hash: str | None) -> Data | None:
        """The article that a change is made from: the file, or the earlier version that the editor began with."""
        try:
            now = await self._knowledge.article(article_id)
        except EditingRefused as refused:
            if refused.status == 404 and base_hash is None:
                return None
            raise refused_by_knowledge(refused) from refused
        if base_hash is None:
            raise ApiError(409, "exists", "there is already an article with this id")
        if now["hash"] == base_hash and now["article"] is not None:
            return dict(now["article"])
        try:
            return dict((await self._knowledge.version(article_id, base_hash))["article"])
        except EditingRefused:
            raise ApiError(409, "changed", "the article was changed since it was read", hash=now["hash"]) from None

    async def discard(self, by: Agent, change_id: str, version: int) -> None:
        """Throws an own draft away.

        Raises:
            ApiError: 404, 403, 409.
        """
        change = await self._own(by, change_id)
        try:
            async with self._core.store.write() as tx:
                await changes.discard(tx, dataclasses.replace(change, version=version))
                await changes.audited(tx, change, "draft_discarded", actor=by.id, now=self._core.now())
        except ChangeMoved:
            raise moved() from None

    async def propose(self, by: Agent, change_id: str, body: Proposing) -> ArticleChange:
        """A draft becomes a proposal, if it is without fault. What is proposed is exactly what will be written.

        Raises:
            ApiError: 422 `faults` with findings, 422 `nothing_changed`, 409 `conflict` the file is another since, 409 `moved`.
        """
        change = await self._own(by, change_id)
        if change.state == "proposed" and change.version == body.version + 1:
            return change  # pressed twice
        if change.state != "draft" or change.version != body.version:
            raise moved()
        checked = await self._checked(change.content)
        if checked["file_hash"] != change.base_hash:
            raise ApiError(409, "conflict", "the article was changed since the draft was begun")
        content = change.content | {"article": checked["article"], "hash": checked["hash"]}
        try:
            async with self._core.store.write() as tx:
                done = await changes.update(
                    tx, change, now=self._core.now(), state="proposed", content=content, reason=body.reason
                )
                await self._proposed(tx, done, by)
                return done
        except ChangeMoved:
            raise moved() from None

    async def _proposed(self, tx: Any, change: ArticleChange, by: Agent) -> None:
        now = self._core.now()
        await changes.supersede(tx, change.article_id, by.id, but=change.id, now=now)
        await changes.audited(tx, change, "proposed", actor=by.id, now=now)

    async def _checked(self, content: Mapping[str, Any]) -> Data:
        checked = await ask(self._knowledge.check(content["article"], content["reviewed"], content["exact"]))
        if not checked["valid"]:
            raise ApiError(422, "faults", "the article has faults", findings=checked["findings"])
        if checked["hash"] == checked["file_hash"]:
            raise ApiError(422, "nothing_changed", "nothing differs from the article as it is")
        return checked

    async def quick(self, by: Agent, article_id: str, body: Quick) -> ArticleChange:
        """A proposal of one press. Pressed twice it is one.

        Raises:
            ApiError: 409 `changed` the article is another than the one on the screen, 422 something is missing or `faults`.
        """
        now = await ask(self._knowledge.article(article_id))
        if now["article"] is None or now["hash"] != body.base_hash:
            raise ApiError(409, "changed", "the article was changed since it was read", hash=now["hash"])
        kind, article, reviewed, exact = await self._quick_content(now["article"], body)
        checked = await self._checked({"article": article, "reviewed": reviewed, "exact": exact})
        content = {"article": checked["article"], "reviewed": reviewed, "exact": exact, "hash": checked["hash"]}
        async with self._core.store.write() as tx:
            for other in await changes.open_ones(tx.conn, article_id):
                if other.state == "proposed" and other.author_id == by.id and other.content.get("hash") == checked["hash"]:
                    return other
            done = await changes.create(
                tx, article_id=article_id, kind=kind, base_hash=body.base_hash, base=now["article"], content=content,
                state="proposed", author_id=by.id, reason=body.reason, now=self._core.now(),
            )  # fmt: skip
            await self._proposed(tx, done, by)
            return done

    async def _quick_content(self, article: Data, body: Quick) -> tuple[Kind, Data, list[str], bool]:
        if body.action == "expire":
            return "expire", article | {"status": "expired"}, [], True
        if body.action == "review" and body.review_by is not None:
            dates = {"review_by": body.review_by.isoformat()} | ({"updated": self._today()} if body.confirmed else {})
            return "review", article | dates, [], True
        if body.action == "revert" and body.to is not None:
            return "revert", (await ask(self._knowledge.version(article["id"], body.to)))["article"], [], True
        if body.action == "reviewed" and body.language is not None:
            return "reviewed", article, [body.language], False
        raise ApiError(422, "invalid", f"{body.action} needs review_by, to or language")

    def _today(self) -> str:
        return self._core.now().astimezone(_CITY_TIME).date().isoformat()

    async def withdraw(self, by: Agent, change_id: str, version: int) -> ArticleChange:
        """The author takes a proposal back to go on writing.

        Raises:
            ApiError: 409 `moved`, 409 `draft_exists` there is another draft of this article.
        """
        change = await self._own(by, change_id)
        if change.state == "draft" and change.version == version + 1:
            return change  # pressed twice
        if change.state != "proposed" or change.version != version:
            raise moved()
        try:
            async with self._core.store.write() as tx:
                done = await changes.update(tx, change, now=self._core.now(), state="draft", decided_by=None, decided_at=None)
                await changes.audited(tx, done, "withdrawn", actor=by.id, now=self._core.now())
                return done
        except ChangeMoved:
            raise moved() from None
        except DraftExists:
            raise ApiError(409, "draft_exists", "there is another draft of this article") from None

    async def rebase(self, by: Agent, change_id: str, body: Rebasing) -> ArticleChange:
        """The author's change is made anew from the file as it is, and is a draft again.

        Raises:
            ApiError: 409 `moved`, 409 `draft_exists`, 404 the article is gone.
        """
        change = await self._own(by, change_id)
        if change.state not in ("draft", "proposed") or change.version != body.version:
            raise moved()
        now = await ask(self._knowledge.article(change.article_id))
        if now["article"] is None:
            raise ApiError(409, "faulty_file", "the article's file can't be read; an earlier version must come back first")
        made = body.article or merge(change.base or {}, now["article"], change.content["article"]).article
        content = {"article": made | {"id": change.article_id}, "reviewed": change.content["reviewed"], "exact": False}
        try:
            async with self._core.store.write() as tx:
                return await changes.update(
                    tx, change, now=self._core.now(), state="draft", content=content, base=now["article"],
                    base_hash=now["hash"], decided_by=None, decided_at=None,
                )  # fmt: skip
        except ChangeMoved:
            raise moved() from None
        except DraftExists:
            raise ApiError(409, "draft_exists", "there is another draft of this article") from None

    async def publish(self, by: Agent, change_id: str, version: int, author: Agent) -> ArticleChange:
        """Writes a proposal to the article's file and takes it into use. Pressed twice it is published once.

        Args:
            by: who decides; never the author.
            change_id: the proposal.
            version: the one that was looked at.
            author: who wrote it.

        Raises:
            ApiError: 403 `four_eyes`, 409 `moved` it is not what was looked at or somebody else decides on it,
                409 `conflict` the file is another since, 422 `faults`, 503.
        """
        change = await self._decidable(by, change_id)
        if change.state == "published":
            return change
        if change.state != "proposed" or change.version != version:
            raise moved()
        try:
            async with self._core.store.write() as tx:
                await changes.claim(tx, change, by=by.id, now=self._core.now())
        except ChangeMoved:
            raise moved() from None
        try:
            written = await self._knowledge.write(
                change.article_id, change.content["article"], base_hash=change.base_hash, author=person(author),
                approver=person(by), reason=change.reason,
            )  # fmt: skip
        except EditingRefused as refused:
            async with self._core.store.write() as tx:
                await changes.release(tx, change)
            raise refused_by_knowledge(refused) from refused
        except EditingUnavailable as fault:
            # It may be written or not. The claim stays for a while; publishing again settles it either way.
            raise unavailable(fault) from fault
        now = self._core.now()
        try:
            async with self._core.store.write() as tx:
                done = await changes.update(
                    tx, change, now=now, by=by.id, state="published", decided_by=by.id, decided_at=now,
                    published_hash=written["hash"],
                )  # fmt: skip
                await changes.audited(tx, done, "published", actor=by.id, now=now)
                return done
        except ChangeMoved:  # a second press was quicker to write it down
            return await self._found(change_id)

    async def reject(self, by: Agent, change_id: str, body: Rejecting) -> ArticleChange:
        """Turns a proposal down; the author reads the note.

        Raises:
            ApiError: 403 `four_eyes`, 409 `moved`, 409 `already_written` a publication was broken off after the file was written.
        """
        change = await self._decidable(by, change_id)
        if change.state == "rejected" and change.decided_by == by.id and change.version == body.version + 1:
            return change
        if change.state != "proposed" or change.version != body.version:
            raise moved()
        if change.decided_at is not None and await self._is_written(change):
            raise ApiError(409, "already_written", "the article says this already; publish it to have it on record")
        now = self._core.now()
        try:
            async with self._core.store.write() as tx:
                done = await changes.update(
                    tx, change, now=now, state="rejected", decided_by=by.id, decided_at=now, decision_note=body.note
                )
                await changes.audited(tx, done, "rejected", actor=by.id, now=now)
                return done
        except ChangeMoved:
            raise moved() from None

    async def _is_written(self, change: ArticleChange) -> bool:
        try:
            return bool((await self._knowledge.article(change.article_id))["hash"] == change.content.get("hash"))
        except EditingRefused:
            return False
        except EditingUnavailable as fault:
            raise unavailable(fault) from fault

    async def expire(self, by: Agent, article_id: str, reason: str) -> ArticleChange | None:
        """Takes a wrong answer out of use at once, by one editor alone: the safe direction.

        Returns:
            The change; None when the article was out of use already.

        Raises:
            ApiError: 404, 409 `faulty_file` the file can't be read, 503.
        """
        for _ in range(_EXPIRE_TRIES):
            found = await ask(self._knowledge.article(article_id))
            before = found["article"]
            if before is None:
                raise ApiError(409, "faulty_file", "the article's file can't be read; it is not answered with")
            if before["status"] == "expired":
                return None
            article = before | {"status": "expired"}
            try:
                written = await self._knowledge.write(
                    article_id, article, base_hash=found["hash"], author=person(by), approver=None, reason=reason
                )
            except EditingRefused as refused:
                if refused.code == "changed":
                    continue
                raise refused_by_knowledge(refused) from refused
            except EditingUnavailable as fault:
                raise unavailable(fault) from fault
            now = self._core.now()
            async with self._core.store.write() as tx:
                done = await changes.create(
                    tx, article_id=article_id, kind="expire", base_hash=found["hash"], base=before, state="published",
                    content={"article": article, "reviewed": [], "exact": True, "hash": written["hash"]}, author_id=by.id,
                    reason=reason, now=now, decided_by=by.id, decided_at=now, published_hash=written["hash"],
                )  # fmt: skip
                await changes.audited(tx, done, "expired", actor=by.id, now=now)
                return done
        raise ApiError(409, "changed", "the article is being changed this moment; try again")

    async def _found(self, change_id: str) -> ArticleChange:
        try:
            async with self._core.store.read() as conn:
                return await changes.get(conn, change_id)
        except LookupError:
            raise ApiError(404, "not_found", "there is no such change") from None

    async def _own(self, by: Agent, change_id: str) -> ArticleChange:
        change = await self._found(change_id)
        if change.author_id != by.id:
            raise ApiError(403, "not_yours", "only its author may do that")
        return change

    async def _decidable(self, by: Agent, change_id: str) -> ArticleChange:
        change = await self._found(change_id)
        if change.state == "draft" and change.author_id != by.id:
            raise ApiError(404, "not_found", "there is no such change")
        if change.author_id == by.id:
            raise ApiError(403, "four_eyes", "somebody else must decide on your own change")
        return change
