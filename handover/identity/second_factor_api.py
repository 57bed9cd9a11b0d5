"""`/desk/v1/me/second-factor…`: setting up a second factor, and taking it away."""

# No `from __future__ import annotations` here: FastAPI reads the dependencies, which are local, from live annotations.

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from bot.core import Core
from bot.http import ApiError, faults
from handover import accounts
from handover.auth import Gate, Session
from handover.identity import second_factor, sessions
from handover.identity.api import Requires
from handover.identity.second_factor import AlreadyEnrolled, SecondFactor


class Code(BaseModel):
    """A code of the authenticator app, or (for taking the factor away) a recovery code."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(max_length=40)


class SecondFactorApi:
    """The second factor's routes.

    Args:
        core: store and clock.
        gate: checks codes and counts wrong ones.
        factor: the second factors.
        requires: makes the dependency that lets a role in: `DeskApi.requires`.
    """

    def __init__(self, core: Core, gate: Gate, factor: SecondFactor, requires: Requires) -> None:
        self._core, self._gate, self._factor, self._requires = core, gate, factor, requires

    def router(self) -> APIRouter:
        """The routes."""
        router = APIRouter(prefix="/desk/v1", tags=["identity"], responses=faults(401, 403, 404, 409, 422))
        Enrolling = Annotated[Session, Depends(self._requires("enrolment", writes=True))]
        Own = Annotated[Session, Depends(self._requires("session", writes=True))]
        Admin = Annotated[Session, Depends(self._requires("admin", writes=True))]

        @router.post("/me/second-factor", summary="A new secret for an authenticator app")
        async def begin(session: Enrolling, response: Response) -> dict[str, str]:
            response.headers["Cache-Control"] = "no-store"
            return await self.begin(session)

        @router.post("/me/second-factor/confirm", summary="Its first code; answers with the recovery codes")
        async def confirm(body: Code, session: Enrolling, response: Response) -> dict[str, list[str]]:
            response.headers["Cache-Control"] = "no-store"
            return {"recovery_codes": await self.confirm(session, body.code)}

        @router.post("/me/second-factor/remove", status_code=204, summary="Take it away, with a code of it")
        async def remove(body: Code, session: Own) -> Response:
            await self.remove(session, body.code)
            return Response(status_code=204)

        @router.post("/agents/{agent_id}/second-factor/reset", status_code=204, summary="Take away somebody's lost second factor")
        async def reset(agent_id: str, session: Admin) -> Response:
            try:
                async with self._core.store.write() as tx:
                    await accounts.get(tx.conn, agent_id)
                    await second_factor.take_away(tx, agent_id, actor=session.agent.id, now=self._core.now())
                    await sessions.end_all(tx, agent_id)
            except LookupError:
                raise ApiError(404, "not_found", "there is no such account") from None
            return Response(status_code=204)

        _ = (begin, confirm, remove, reset)
        return router

    async def begin(self, session: Session) -> dict[str, str]:
        """A secret and its picture.

        Raises:
            ApiError: 409 `exists`.
        """
        try:
            async with self._core.store.write() as tx:
                made = await self._factor.begin(tx, session.agent.id, email=session.agent.email)
        except AlreadyEnrolled as exists:
            raise ApiError(409, "exists", str(exists)) from None
        return {"secret": made.secret, "qr": made.qr}

    async def confirm(self, session: Session, code: str) -> list[str]:
        """The recovery codes. The account's other sessions end: they were opened with the password alone.

        Raises:
            ApiError: 422 `bad_code`.
        """
        async with self._core.store.write() as tx:
            codes = await self._factor.confirm(tx, session.agent.id, code, now=self._core.now())
            if codes is not None:
                await sessions.end_all(tx, session.agent.id, but=session.token_hash)
        if codes is None:
            raise ApiError(422, "bad_code", "the code is wrong or too old")
        return codes

    async def remove(self, session: Session, code: str) -> None:
        """Takes the own second factor away.

        Raises:
            ApiError: 403 `totp_required`, the role must have one; 422 `bad_code`; 429 `locked`.
        """
        if self._gate.must_have_second_factor(session.agent):
            raise ApiError(403, "totp_required", "your role must have a second factor")
        await self._gate.check_code(session.agent, code, self._core.now())
        async with self._core.store.write() as tx:
            await second_factor.take_away(tx, session.agent.id, actor=session.agent.id, now=self._core.now())
