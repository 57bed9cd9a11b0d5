"""`/desk/v1/handovers/{id}/contact`: an agent asks the citizen for a number or an address, kept as those left at night."""

# No `from __future__ import annotations` here: FastAPI reads the dependencies, which are local, from live annotations.

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from bot.http import ApiError, faults
from handover import queue, repository
from handover.api import DeskApi
from handover.auth import Agent, Session
from handover.repository import Handover


class ContactApi:
    """The route.

    Args:
        desk: the desk's own routes: what agents do, how a citizen is asked, rights.
    """

    def __init__(self, desk: DeskApi) -> None:
        self._core, self._actions, self._desk, self._requires = desk.core, desk.actions, desk.desk, desk.requires

    def router(self) -> APIRouter:
        """The route."""
        router = APIRouter(prefix="/desk/v1/handovers", tags=["desk"], responses=faults(401, 403, 404, 409))
        Writer = Annotated[Session, Depends(self._requires("desk", writes=True))]

        @router.post("/{handover_id}/contact", summary="Ask the citizen for a telephone number or an e-mail address")
        async def contact(handover_id: str, session: Writer) -> dict[str, Any]:
            handover = await self.ask(session.agent, handover_id)
            names = {session.agent.id: session.agent.name}
            return queue.shown_to(session.agent, handover, names, self._core.now(), self._desk.passing)

        _ = contact
        return router

    async def ask(self, agent: Agent, handover_id: str) -> Handover:
        """Asks; what the citizen then writes is looked through for a number until there is one, or they would rather not.

        Raises:
            ApiError: 404, 409 not this agent's (any more), or `protected`: nothing that leads to the citizen is kept.
        """
        async with self._core.store.write() as tx:
            handover, conversation = await self._actions.own(tx, agent, handover_id)
            if conversation.protected:
                raise ApiError(409, "protected", "under protected identity no contact details are kept")
            for question in await self._desk.call_backs.ask(tx, conversation):
                await self._actions.say(tx, handover, question)
            await repository.change(tx, handover, warned_at=None)  # the agent has said something
            await repository.write_audit(tx, actor=agent.id, action="contact.asked", target=handover.id, now=self._core.now())
            return handover
