"""What the web chat says about phones, as a browser reads it."""

from __future__ import annotations

import httpx
import pytest

from bot.app import create_app
from bot.core import Core
from tests.bot.conftest import core, script
from tests.serving import serving

__all__ = ["core", "script"]
ELKS = {"ELKS_USERNAME": "u", "ELKS_PASSWORD": "p", "ELKS_WEBHOOK_KEY": "k" * 32, "ELKS_NUMBER": "070-123 45 67"}
EMAIL = {"EMAIL_HOST": "127.0.0.1", "EMAIL_FROM_ADDRESS": "fraga@example.org"}


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("channels", "plugins", "offered"),
    [
        ("", "connectors.web,connectors.gateway", False),
        ("email:main", "connectors.web,connectors.gateway", False),  # nobody writes to us there
        ("elks:main", "connectors.web", False),  # no gateway, no codes
        ("email:main,elks:main", "connectors.web,connectors.gateway", True),
    ],
)
async def test_continuing_is_offered_when_there_is_a_phone_channel(
    core: Core, monkeypatch: pytest.MonkeyPatch, channels: str, plugins: str, offered: bool
) -> None:
    for name, value in {"CHANNELS": channels, **ELKS, **EMAIL}.items():
        monkeypatch.setenv(name, value)
    core.settings.plugins = plugins
    async with serving(create_app(core)) as url, httpx.AsyncClient(base_url=url, timeout=30) as http:
        assert (await http.get("/chat/v1/config")).json()["continue"] is offered


@pytest.mark.asyncio
async def test_a_code_for_the_phone_comes_with_our_number(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"CHANNELS": "elks:main", **ELKS}.items():
        monkeypatch.setenv(name, value)
    core.settings.plugins = "connectors.web,connectors.gateway"
    async with serving(create_app(core)) as url, httpx.AsyncClient(base_url=url, timeout=30) as http:
        opened = (await http.post("/chat/v1/conversations", json={})).json()
        given = (await http.post("/chat/v1/continue/code", headers={"Authorization": f"Bearer {opened['token']}"})).json()
    assert given["links"] == [{"channel": "sms", "url": f"sms:+46701234567?body={given['code'].replace(' ', '')}"}]
