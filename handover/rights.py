"""Who may do what at the desk: roles, permissions, routes and departments, as data in one place.

`DeskApi.requires` asks here for every request. A test walks the app's routes: one without an entry here fails it, and so does one
whose entry is not what the route enforces.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

Role = Literal["agent", "supervisor", "editor", "admin"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)
DESK_ROLES: Final = frozenset({"agent", "supervisor", "admin"})  # those who take conversations

Permission = Literal["desk", "supervise", "admin", "edit", "read"]

MAY: Final[dict[Permission, frozenset[str]]] = {
    "desk": DESK_ROLES,  # queue, conversations, notes
    "supervise": frozenset({"supervisor", "admin"}),  # colleagues' conversations, in the own departments; deliveries
    "admin": frozenset({"admin"}),  # the bot's switch, accounts, settings
    "edit": frozenset({"editor", "admin"}),  # proposals of articles, and decisions on them
    "read": frozenset({"agent", "supervisor", "editor", "admin"}),  # the articles that are in use
}

# What a route asks for: a permission, `session` (anybody logged in), `enrolment` (also somebody who must first set up a second
# factor), or `open` (nobody is known yet).
Entry = Permission | Literal["session", "enrolment", "open"]

_ARTICLES: Final = "/desk/v1/articles"
ROUTES: Final[dict[str, Entry]] = {
    "GET /desk": "open",
    "POST /desk/v1/login": "open",
    "GET /desk/v1/oidc": "open",
    "GET /desk/v1/oidc/start": "open",
    "GET /desk/v1/oidc/callback": "open",
    "GET /desk/v1/oidc/logout": "open",
    "POST /desk/v1/logout": "enrolment",
    "GET /desk/v1/me": "enrolment",
    "GET /desk/v1/me/sessions": "session",
    "POST /desk/v1/me/sessions/{session_id}/end": "session",
    "POST /desk/v1/me/second-factor": "enrolment",
    "POST /desk/v1/me/second-factor/confirm": "enrolment",
    "POST /desk/v1/me/second-factor/remove": "session",
    "WEBSOCKET /desk/v1/events": "desk",
    "GET /desk/v1/queue": "desk",
    "GET /desk/v1/directory": "desk",
    "GET /desk/v1/handovers/{handover_id}/context": "desk",
    "GET /desk/v1/handovers/{handover_id}/messages": "desk",
    "POST /desk/v1/handovers/{handover_id}/claim": "desk",
    "POST /desk/v1/handovers/{handover_id}/messages": "desk",
    "POST /desk/v1/handovers/{handover_id}/typing": "desk",
    "POST /desk/v1/handovers/{handover_id}/read": "desk",
    "POST /desk/v1/handovers/{handover_id}/return": "desk",
    "POST /desk/v1/handovers/{handover_id}/close": "desk",
    "POST /desk/v1/handovers/{handover_id}/transfer": "desk",
    "POST /desk/v1/handovers/{handover_id}/notes": "desk",
    "POST /desk/v1/handovers/{handover_id}/contact": "desk",
    "GET /desk/v1/handovers": "desk",
    "POST /desk/v1/handovers/{handover_id}/snooze": "desk",
    "POST /desk/v1/handovers/{handover_id}/schedule": "desk",
    "GET /desk/v1/handovers/{handover_id}/told": "desk",
    "POST /desk/v1/handovers/{handover_id}/resume": "desk",
    "POST /desk/v1/handovers/{handover_id}/close/confirm": "desk",
    "POST /desk/v1/handovers/{handover_id}/take-over": "supervise",
    "POST /desk/v1/handovers/{handover_id}/reopen": "desk",
    "POST /desk/v1/handovers/{handover_id}/pull": "desk",
    "GET /desk/v1/handovers/{handover_id}/replies": "desk",
    "POST /desk/v1/handovers/{handover_id}/reports": "desk",
    "GET /desk/v1/knowledge": "desk",
    "GET /desk/v1/knowledge/{article_id}": "desk",
    "GET /desk/v1/replies": "supervise",
    "POST /desk/v1/replies": "supervise",
    "PATCH /desk/v1/replies/{reply_id}": "supervise",
    "POST /desk/v1/replies/{reply_id}/delete": "supervise",
    "POST /desk/v1/me/duty": "desk",
    "GET /desk/v1/me/day": "desk",
    "GET /desk/v1/overview": "supervise",
    "GET /desk/v1/departments": "admin",
    "POST /desk/v1/departments/{department}": "admin",
    "GET /desk/v1/hours": "admin",
    "POST /desk/v1/hours": "admin",
    "GET /desk/v1/banner": "admin",
    "POST /desk/v1/banner": "admin",
    "POST /desk/v1/agents/{agent_id}/routing": "admin",
    "GET /desk/v1/settings": "admin",
    "GET /desk/v1/records": "admin",
    "GET /desk/v1/records/{conversation_id}": "admin",
    "POST /desk/v1/records/{conversation_id}/hold": "admin",
    "POST /desk/v1/bot": "admin",
    "GET /desk/v1/deliveries": "supervise",
    "POST /desk/v1/deliveries/resend": "supervise",
    "POST /desk/v1/deliveries/{message_id}/resend": "supervise",
    "POST /desk/v1/deliveries/{message_id}/discard": "supervise",
    "GET /desk/v1/agents": "admin",
    "POST /desk/v1/agents": "admin",
    "PATCH /desk/v1/agents/{agent_id}": "admin",
    "GET /desk/v1/agents/{agent_id}/sessions": "admin",
    "POST /desk/v1/agents/{agent_id}/sessions/{session_id}/end": "admin",
    "POST /desk/v1/agents/{agent_id}/second-factor/reset": "admin",
    f"GET {_ARTICLES}": "read",
    f"GET {_ARTICLES}/reports": "edit",
    f"POST {_ARTICLES}/reports/{{report_id}}": "edit",
    f"GET {_ARTICLES}/{{article_id}}": "read",
    f"GET {_ARTICLES}/{{article_id}}/versions/{{version}}": "edit",
    f"POST {_ARTICLES}/{{article_id}}/competition": "edit",
    f"POST {_ARTICLES}/{{article_id}}/draft": "edit",
    f"POST {_ARTICLES}/{{article_id}}/proposals": "edit",
    f"POST {_ARTICLES}/{{article_id}}/expire": "edit",
    f"POST {_ARTICLES}/check": "edit",
    f"GET {_ARTICLES}/changes": "edit",
    f"GET {_ARTICLES}/changes/counts": "edit",
    f"GET {_ARTICLES}/changes/{{change_id}}": "edit",
    f"POST {_ARTICLES}/changes/{{change_id}}/propose": "edit",
    f"POST {_ARTICLES}/changes/{{change_id}}/withdraw": "edit",
    f"POST {_ARTICLES}/changes/{{change_id}}/discard": "edit",
    f"POST {_ARTICLES}/changes/{{change_id}}/rebase": "edit",
    f"POST {_ARTICLES}/changes/{{change_id}}/publish": "edit",
    f"POST {_ARTICLES}/changes/{{change_id}}/reject": "edit",
}

# What an open console asks for by itself. It does not count as something that the agent did: an untouched console expires.
# Where an agent's press leads to one of these, the console says so in the header `X-Pressed`.
BY_ITSELF: Final = frozenset({
    "GET /desk/v1/me", "GET /desk/v1/queue", "GET /desk/v1/handovers", "GET /desk/v1/directory",
    "GET /desk/v1/handovers/{handover_id}/messages", "GET /desk/v1/handovers/{handover_id}/context",
    "POST /desk/v1/handovers/{handover_id}/read",
    "GET /desk/v1/articles/changes/counts", "GET /desk/v1/deliveries", "GET /desk/v1/overview",
    "GET /desk/v1/me/day",
})  # fmt: skip


def may(role: str, permission: Permission) -> bool:
    """Whether a role has a permission."""
    return role in MAY[permission]


def serves(role: str, departments: tuple[str, ...], department: str) -> bool:
    """Whether a department is somebody's: an admin serves all, and so does who has no departments of their own."""
    return role == "admin" or not departments or department in departments
