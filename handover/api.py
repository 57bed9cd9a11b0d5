"""`/desk/v1`: the agents' HTTP API (docs/architecture.md, "Desk")."""

# No `from __future__ import annotations` here: FastAPI reads the dependencies, which are local, from live annotations.

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Cookie, Depends, Header, Query, Request, Response

from bot.core import Core
from bot.http import ApiError, faults
from bot.privacy.addresses import AddressBook
from bot.store import contacts
from bot.switch import BotSwitch, read_switch, set_switch
from handover import accounts, context, hours, queue, repository
from handover.agent_actions import AgentActions, may_read, not_found
from handover.auth import (
    Agent,
    Gate,
    Login,
    Session,
    WeakPassword,
    check_csrf,
    check_password,
    check_permission,
    hash_password,
)
from handover.desk import HandoverDesk
from handover.identity.sessions import client_name
from handover.models import (
    AgentChange,
    AgentOut,
    Claiming,
    Closing,
    Credentials,
    LoggedIn,
    NewAccountBody,
    NewAgentMessage,
    NewNote,
    Returning,
    Switch,
    Transfer,
)
from handover.repository import Handover
from handover.rights import BY_ITSELF, DESK_ROLES, ROUTES, Entry
from handover.staffing import opening

COOKIE = "fraga_desk"
COOKIE_PATH = "/desk"


def logged_in(opened: Login | Session) -> LoggedIn:
    """What a console is told of its login."""
    agent = AgentOut(**accounts.public(opened.agent))
    return LoggedIn(agent=agent, csrf_token=opened.csrf_token, must_enrol=opened.must_enrol, method=opened.method)


class DeskApi:
    """The desk's routes over the shared core."""

    def __init__(self, core: Core, desk: HandoverDesk, gate: Gate, actions: AgentActions) -> None:
        self.core, self.desk, self.gate, self.actions = core, desk, gate, actions
        self.settings, self.departments = desk.settings, desk.departments

    def router(self) -> APIRouter:
        """The routes."""
        router = APIRouter(prefix="/desk/v1", tags=["desk"], responses=faults(401, 403, 404, 409, 413, 422, 429))
        self._add_login(router)
        self._add_reading(router)
        self._add_work(router)
        self._add_admin(router)
        return router

    def requires(self, entry: Entry, *, writes: bool) -> Callable[..., Awaitable[Session]]:
        """A dependency, the one place for all of it: a live session, the CSRF token for a write, a role that allows it, and, of
        the handover that the path names, a department that is the agent's.

        Args:
            entry: what the route asks for; the same stands in `handover/rights.py`.
        """

        async def session(
            request: Request,
            fraga_desk: Annotated[str | None, Cookie()] = None,
            x_csrf_token: Annotated[str | None, Header()] = None,
            x_pressed: Annotated[str | None, Header(include_in_schema=False)] = None,
        ) -> Session:
            route = f"{request.method} {request.scope['route'].path}"
            acts = route not in BY_ITSELF or x_pressed is not None
            found = await self.gate.session(fraga_desk, self.core.now(), acts=acts)
            if found is None:
                raise ApiError(401, "unauthorized", "log in first")
            if writes:
                check_csrf(found, x_csrf_token)
            if ROUTES.get(route) != entry:  # a route that nobody entered there is open to nobody
                raise ApiError(403, "forbidden", "this route is not in the table of rights")
            if found.must_enrol and entry != "enrolment":
                raise ApiError(403, "totp_required", "your role must have a second factor: set it up first")
            if entry != "session" and entry != "enrolment" and entry != "open":
                check_permission(found.agent, entry)
            handover_id = request.path_params.get("handover_id")
            if handover_id is not None:
                await self._check_reach(found.agent, handover_id)
            return found

        return session

    async def _check_reach(self, agent: Agent, handover_id: str) -> None:
        """Refuses a handover of other departments. One that is unknown, or not yet agreed to, is the route's to answer for."""
        async with self.core.store.read() as conn:
            try:
                handover = await repository.get(conn, handover_id)
            except LookupError:
                return
        if handover.consent is not None and not agent.within_reach(handover.department, handover.claimed_by, handover.overflow):
            raise ApiError(403, "other_department", "this conversation is in another department's queue")

    def _add_login(self, router: APIRouter) -> None:
        Anyone = Annotated[Session, Depends(self.requires("enrolment", writes=False))]
        Writer = Annotated[Session, Depends(self.requires("enrolment", writes=True))]

        @router.post("/login", summary="Log in")
        async def login(body: Credentials, request: Request, response: Response) -> LoggedIn:
            opened = await self.gate.login(
                body.email, body.password, self.core.now(), address=request.client.host if request.client else "",
                client=client_name(request.headers.get("user-agent")), code=body.code,
            )  # fmt: skip
            response.set_cookie(
                COOKIE, opened.token, max_age=int(self.settings.login.session_hours * 3600), path=COOKIE_PATH, httponly=True,
                samesite="strict", secure=self.core.settings.fraga_env != "development",
            )  # fmt: skip
            response.headers["Cache-Control"] = "no-store"
            return logged_in(opened)

        @router.post("/logout", status_code=204, summary="Log out")
        async def logout(session: Writer) -> Response:
            await self.gate.logout(session, self.core.now())
            response = Response(status_code=204)
            response.delete_cookie(COOKIE, path=COOKIE_PATH, httponly=True, samesite="strict")
            return response

        @router.get("/me", summary="Who is logged in")
        async def me(session: Anyone, response: Response) -> LoggedIn:
            response.headers["Cache-Control"] = "no-store"
            return logged_in(session)

        _ = (login, logout, me)

    def _add_reading(self, router: APIRouter) -> None:
        Reader = Annotated[Session, Depends(self.requires("desk", writes=False))]

        @router.get("/queue", summary="Who waits, then the own conversations")
        async def read_queue(session: Reader) -> dict[str, Any]:
            async with self.core.store.read() as conn:
                waiting = await queue.read(conn, session.agent, self.core.now(), self.desk.routing, self.desk.passing)
            await self._audit_reading(session.agent, "queue.read", session.agent.id)  # it has the first words of each
            return waiting

        @router.get("/handovers/{handover_id}/context", summary="All the citizen agreed to send, and what the bot understood")
        async def read_context(handover_id: str, session: Reader) -> dict[str, Any]:
            return await self.context(session.agent, handover_id)

        @router.get("/handovers/{handover_id}/messages", summary="The messages after a seq")
        async def read_messages(handover_id: str, session: Reader, after: Annotated[int, Query(ge=0)] = 0) -> dict[str, Any]:
            async with self.core.store.read() as conn:
                handover = await self._readable(conn, session.agent, handover_id)
                view = self.desk.passing.view(session.agent, handover)
                shown = await context.visible_messages(conn, handover, view, self.core.texts.direction, after=after)
                names = await repository.agent_names(conn, [handover.claimed_by])
            await self._audit_reading(session.agent, "conversation.read", handover.id)
            now, passing = self.core.now(), self.desk.passing
            return {"messages": shown, "handover": queue.shown_to(session.agent, handover, names, now, passing)}

        @router.get("/directory", summary="Departments with a queue, and colleagues: whom a conversation can be passed to")
        async def directory(session: Reader) -> dict[str, Any]:
            async with self.core.store.read() as conn:
                staff = await accounts.listed(conn, present_since=self._present_since())
                switch, profiles = await read_switch(conn), await self.desk.routing.profiles(conn)
            colleagues = [a for a in staff if a["active"] and a["role"] in DESK_ROLES]
            return {
                "departments": [{"key": key, "name": {lang: self.departments.name(key, lang) for lang in ("sv", "en")}}
                                for key in self.departments.queues()],
                "agents": [{name: a[name] for name in ("id", "name", "present", "departments", "languages")}
                           | {"duty": profiles.get(a["id"], {}).get("duty", "available")} for a in colleagues],
                "close_reasons": list(self.settings.close_reasons),
                "snooze_reasons": list(self.settings.lifecycle.snooze_reasons),
                "heartbeat_seconds": self.settings.presence.heartbeat_seconds,
                "bot": {"enabled": switch.enabled, "reason": switch.reason},
            }  # fmt: skip

        _ = (read_queue, read_context, read_messages, directory)

    def _add_work(self, router: APIRouter) -> None:
        Writer = Annotated[Session, Depends(self.requires("desk", writes=True))]
        work = self.actions

        @router.post("/handovers/{handover_id}/claim", summary="Take it; one wins, the others get 409 and the winner's name")
        async def claim(handover_id: str, session: Writer, body: Claiming | None = None) -> dict[str, Any]:
            return await self._shown(session, await work.claim(session.agent, handover_id, override=bool(body and body.override)))

        @router.post("/handovers/{handover_id}/messages", summary="Write to the citizen")
        async def write(handover_id: str, body: NewAgentMessage, session: Writer) -> dict[str, Any]:
            said = await work.write(session.agent, handover_id, client_message_id=body.client_message_id, text=body.text,
                                    article_id=body.article_id)  # fmt: skip
            return {"message": said}

        @router.post("/handovers/{handover_id}/typing", status_code=204, summary="The agent is writing")
        async def typing(handover_id: str, session: Writer) -> Response:
            conversation_id = await work.conversation_of(session.agent, handover_id)
            notice = {"topic": "conversation", "conversation_id": conversation_id, "kind": "typing", "author": "agent"}
            self.core.hub.publish(notice)
            return Response(status_code=204)

        @router.post("/handovers/{handover_id}/read", status_code=204, summary="The agent has seen what came in")
        async def mark_read(handover_id: str, session: Writer) -> Response:
            await work.mark_read(session.agent, handover_id)
            return Response(status_code=204)

        @router.post("/handovers/{handover_id}/return", summary="Give the conversation back to the bot")
        async def give_back(handover_id: str, session: Writer, body: Returning | None = None) -> dict[str, Any]:
            return await self._shown(
                session,
                await work.give_back(
                    session.agent, handover_id, note=body.note if body else None, about=body.about if body else None
                ),
            )

        @router.post("/handovers/{handover_id}/close", summary="End the conversation")
        async def close(handover_id: str, body: Closing, session: Writer) -> dict[str, Any]:
            return await self._shown(session, await work.close(session.agent, handover_id, reason=body.reason))

        @router.post("/handovers/{handover_id}/transfer", summary="Pass it on to a colleague or a department's queue")
        async def transfer(handover_id: str, body: Transfer, session: Writer) -> dict[str, Any]:
            target: dict[str, Any] = {"to_agent": body.agent_id, "department": body.department}
            return await self._shown(session, await work.transfer(session.agent, handover_id, note=body.note, **target))

        @router.post("/handovers/{handover_id}/notes", status_code=201, summary="A note that only staff see")
        async def note(handover_id: str, body: NewNote, session: Writer) -> dict[str, Any]:
            return await work.note(session.agent, handover_id, body.text)

        _ = (claim, write, typing, mark_read, give_back, close, transfer, note)

    def _add_admin(self, router: APIRouter) -> None:
        Reader = Annotated[Session, Depends(self.requires("admin", writes=False))]
        Writer = Annotated[Session, Depends(self.requires("admin", writes=True))]

        @router.get("/settings", summary="The bot's switch and the desk's hours")
        async def settings(session: Reader) -> dict[str, Any]:
            return await self.settings_shown()

        @router.post("/bot", summary="Switch the bot off or on, with a reason")
        async def switch_bot(body: Switch, session: Writer) -> dict[str, Any]:
            if not body.reason.strip():
                raise ApiError(422, "reason_required", "a reason is required")
            async with self.core.store.write() as tx:
                await set_switch(tx, BotSwitch(body.enabled, body.reason), actor=session.agent.id, now=self.core.now())
                tx.notify("desk", type="queue")
            self.core.switch.forget()
            return await self.settings_shown()

        @router.get("/agents", summary="All accounts")
        async def agents(session: Reader) -> dict[str, Any]:
            async with self.core.store.read() as conn:
                listed = await accounts.listed(conn, present_since=self._present_since())
                profiles = await self.desk.routing.profiles(conn)
            unset: dict[str, Any] = {"capacity": None, "skills": [], "duty": "available"}
            return {"agents": [one | {name: profiles.get(one["id"], {}).get(name, default) for name, default in unset.items()}
                               for one in listed]}  # fmt: skip

        @router.post("/agents", status_code=201, summary="A new account")
        async def create_agent(body: NewAccountBody, session: Writer) -> AgentOut:
            return AgentOut(**accounts.public(await self.create_agent(session.agent, body)))

        @router.patch("/agents/{agent_id}", summary="Change an account, or deactivate it")
        async def change_agent(agent_id: str, body: AgentChange, session: Writer) -> AgentOut:
            return AgentOut(**accounts.public(await self.change_agent(session.agent, agent_id, body)))

        _ = (settings, switch_bot, agents, create_agent, change_agent)

    async def context(self, agent: Agent, handover_id: str) -> dict[str, Any]:
        """The context package; that it was read is audited. Contact details are opened for the agent who has it, audited too."""
        now = self.core.now()
        async with self.core.store.write() as tx:
            handover = await self._readable(tx.conn, agent, handover_id)
            await repository.audit_reading(tx, actor=agent.id, action="conversation.read", target=handover.id, now=now)
            left = await contacts.of_conversation(tx.conn, handover.conversation_id, now=now)
            opens = bool(left) and handover.claimed_by == agent.id
            if opens:
                await repository.audit_reading(tx, actor=agent.id, action="contact.read", target=handover.id, now=now,
                                               detail={"kinds": [one.kind for one in left]})  # fmt: skip
            names = await repository.agent_names(tx.conn, [handover.claimed_by])
        async with self.core.store.read() as conn:
            package = await context.read(conn, handover, agent, self.desk.passing, self.core.texts.direction)
        book = AddressBook(self.core.settings.secret_key.get_secret_value()) if opens else None
        package["contact"] = context.contact(left, book)
        return {"handover": queue.shown_to(agent, handover, names, now, self.desk.passing)} | package

    async def _audit_reading(self, agent: Agent, action: str, target: str) -> None:
        reading: dict[str, Any] = {"actor": agent.id, "action": action, "target": target, "now": self.core.now()}
        async with self.core.store.read() as conn:
            if await repository.was_read(conn, **reading):
                return
        async with self.core.store.write() as tx:
            await repository.audit_reading(tx, **reading)

    async def _readable(self, conn: Any, agent: Agent, handover_id: str) -> Handover:
        try:
            handover = await repository.get(conn, handover_id)
        except LookupError:
            raise not_found() from None
        may_read(agent, handover)
        return handover

    async def _shown(self, session: Session, handover: Handover) -> dict[str, Any]:
        async with self.core.store.read() as conn:
            names = await repository.agent_names(conn, [handover.claimed_by])
        return queue.shown_to(session.agent, handover, names, self.core.now(), self.desk.passing)

    def _present_since(self) -> dt.datetime:
        return self.core.now() - dt.timedelta(seconds=self.settings.presence.present_seconds)

    async def settings_shown(self) -> dict[str, Any]:
        """What an admin sees of the settings."""
        now = self.core.now()
        async with self.core.store.read() as conn:
            switch, common = await read_switch(conn), (await opening.read(conn, self.settings)).common
        opens = hours.next_opening(now, common, self.desk.is_holiday)
        return {
            "bot": {"enabled": switch.enabled, "reason": switch.reason},
            "hours": common.model_dump(mode="json"),
            "staffed_now": hours.is_staffed(now, common, self.desk.is_holiday),
            "next_opening": opens.isoformat() if opens else None,
            "min_password_length": self.settings.login.min_password_length,
            "capacity": self.settings.routing.capacity,
        }

    async def create_agent(self, by: Agent, body: NewAccountBody) -> Agent:
        """Makes an account.

        Raises:
            ApiError: 409 the address is taken, 422 weak password or unknown department.
        """
        try:
            account = accounts.checked(
                accounts.NewAccount(body.email, body.name, body.role, body.password, body.departments, body.languages),
                queues=self.departments.queues(), least=self.settings.login.min_password_length,
            )  # fmt: skip
            hashed = await asyncio.to_thread(accounts.hashed, account)
            async with self.core.store.write() as tx:
                agent_id = await accounts.create(tx, account, password_hash=hashed, actor=by.id, now=self.core.now())
                return await accounts.get(tx.conn, agent_id)
        except WeakPassword as weak:
            raise ApiError(422, "weak_password", str(weak)) from None
        except accounts.AccountExists as taken:
            raise ApiError(409, "exists", str(taken)) from None
        except accounts.AccountRefused as refused:
            raise ApiError(422, "invalid", str(refused)) from None

    async def change_agent(self, by: Agent, agent_id: str, body: AgentChange) -> Agent:
        """Changes an account.

        Raises:
            ApiError: 404, 422 weak password, unknown department, or no active admin would remain.
        """
        values = body.model_dump(exclude_none=True, exclude={"password"})
        try:
            accounts.check_departments(values.get("departments", []), self.departments.queues())
            hashed = None
            if body.password is not None:
                async with self.core.store.read() as conn:
                    current = await accounts.get(conn, agent_id)
                least = self.settings.login.min_password_length
                check_password(body.password, email=current.email, name=current.name, least=least)
                hashed = await asyncio.to_thread(hash_password, body.password)
            if not values and hashed is None:
                raise accounts.AccountRefused("nothing to change was given")
            async with self.core.store.write() as tx:
                return await accounts.change(tx, agent_id, actor=by.id, now=self.core.now(), password_hash=hashed, **values)
        except LookupError:
            raise ApiError(404, "not_found", "there is no such account") from None
        except WeakPassword as weak:
            raise ApiError(422, "weak_password", str(weak)) from None
        except accounts.AccountRefused as refused:
            raise ApiError(422, "invalid", str(refused)) from None
