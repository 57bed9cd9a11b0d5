"""The table of rights is what the app does: every route, every role, every department."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute, APIWebSocketRoute, iter_route_contexts

from bot.app import create_app
from bot.core import Core
from handover.rights import MAY, ROLES, ROUTES
from tests.handover.conftest import Office, Staff

OPEN = ("open", "session", "enrolment")
# What a call with an empty body, and ids that nobody has, would change all the same.
ENDS_THE_SESSION = {"POST /desk/v1/logout"}


@pytest.fixture
def database_url(tmp_path: Path, migrated_sqlite: Path) -> str:
    """One kind of database is enough here: nothing in these tests depends on which."""
    database = tmp_path / "desk.db"
    database.write_bytes(migrated_sqlite.read_bytes())
    return f"sqlite:///{database}"


def desk_routes(core: Core) -> Iterator[str]:
    core.settings.plugins = "connectors.web,handover"
    for context in iter_route_contexts(create_app(core).routes):
        route = context.original_route
        path = getattr(route, "path", "")
        if not path.startswith("/desk"):
            continue
        if isinstance(route, APIWebSocketRoute):
            yield f"WEBSOCKET {path}"
        elif isinstance(route, APIRoute):
            yield from (f"{method} {path}" for method in route.methods)
        else:
            assert path == "/desk/console", f"{path}: a mount that the table of rights cannot speak of"


@pytest.mark.asyncio
async def test_every_route_of_the_desk_is_in_the_table_and_nothing_else(core: Core) -> None:
    assert sorted(desk_routes(core)) == sorted(ROUTES), "enter it in handover/rights.py, with the permission it requires"


async def called(who: Staff, route: str, ids: str = "nobody-has-this", csrf: bool = True) -> httpx.Response:
    method, path = route.split()
    for name in ("handover_id", "agent_id", "session_id", "article_id", "change_id", "version"):
        path = path.replace(f"{{{name}}}", ids)
    json: Any = None if method == "GET" else {}
    return await who.http.request(method, path, json=json, headers=who.headers if csrf else {})


def over_http(*but: str) -> list[str]:
    return [route for route in ROUTES if not route.startswith("WEBSOCKET") and ROUTES[route] not in but]


@pytest.mark.asyncio
async def test_each_role_gets_through_exactly_the_doors_of_the_table(office: Office) -> None:
    for role in ROLES:
        member = await office.staff(f"{role.title()} Person", role=role)
        for route in over_http("open"):
            if route in ENDS_THE_SESSION:
                continue
            answer = await called(member, route)
            entry = ROUTES[route]
            allowed = entry in OPEN or role in MAY[entry]  # type: ignore[index]
            forbidden = answer.status_code == 403 and answer.json()["error"]["code"] == "forbidden"
            assert forbidden is not allowed, f"{role}: {route} → {answer.status_code} {answer.text[:200]}"
            assert answer.status_code != 500, route


@pytest.mark.asyncio
async def test_without_a_session_or_its_token_no_door_but_the_open_ones_gives_way(office: Office) -> None:
    stranger = Staff(office._client(), "", "Nobody")
    admin = await office.staff("Adam Admin", role="admin")
    for route in over_http("open"):
        assert (await called(stranger, route)).status_code == 401, route
        if not route.startswith("GET"):
            forged = await called(admin, route, csrf=False)
            assert (forged.status_code, forged.json()["error"]["code"]) == (403, "csrf"), route


@pytest.mark.asyncio
@pytest.mark.parametrize("role", ["agent", "supervisor"])
async def test_another_departments_handover_is_closed_on_every_route_that_names_one(office: Office, role: Any) -> None:
    _, queued = await office.in_queue("En fråga")
    owner = await office.staff("Olle Owner")
    _, taken = await office.in_queue("En fråga till")
    assert (await owner.claim(taken)).status_code == 200
    outsider = await office.staff("Ulla Utanför", role=role, departments=("social",))
    routes = [route for route in over_http() if "{handover_id}" in route]
    assert len(routes) >= 10
    for handover_id in (queued, taken):
        for route in routes:
            answer = await called(outsider, route, handover_id)
            supervisors = ROUTES[route] == "supervise" and role == "agent"
            code = "forbidden" if supervisors else "other_department"
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, code), route
    assert await outsider.queue() == []


@pytest.mark.asyncio
async def test_a_supervisor_reads_the_conversations_of_colleagues_in_the_own_departments_only(office: Office) -> None:
    owner, colleague = await office.staff("Olle Owner"), await office.staff("Kim Kollega")
    inside = await office.staff("Inga Inne", role="supervisor", departments=("kontaktcenter",))
    _, taken = await office.in_queue("En fråga")
    assert (await owner.claim(taken)).status_code == 200
    assert (await colleague.get(f"/handovers/{taken}/context")).json()["error"]["code"] == "not_yours"
    assert (await inside.context(taken))["handover"]["claimed_by"]["name"] == "Olle Owner"
    assert (await inside.write(taken, "Hej")).status_code == 409  # reading is not taking over
