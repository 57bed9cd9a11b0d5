"""Missing and wrong settings stop the start and say which one it is."""

from __future__ import annotations

import httpx
import pytest
from pydantic import ValidationError

from bot.settings import ConfigurationError
from connectors.gateway.accounts import build
from connectors.telegram.settings import TelegramSettings, is_reachable
from tests.connectors.telegram.conftest import TOKEN, connector


def _build(channels: str, public_url: str = "https://fraga.example.se", production: bool = False) -> object:
    return build(channels, public_url=public_url, production=production, renderer=None, http=httpx.AsyncClient)  # type: ignore[arg-type]


def test_without_a_token_the_app_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TELEGRAM_TOKEN", raising=False)
    with pytest.raises(ConfigurationError, match="TELEGRAM_TOKEN"):
        _build("telegram:main")
    monkeypatch.setenv("TELEGRAM_TOKEN", TOKEN)
    with pytest.raises(ConfigurationError, match="TELEGRAM_ELEVHALSA_TOKEN"):
        _build("telegram:main,telegram:elevhalsa")
    assert list(_build("telegram:main")) == ["telegram:main"]  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("name", "value"),
    [("TOKEN", "hunter2"), ("TOKEN", ""), ("WEBHOOK_SECRET", "short"), ("WEBHOOK_SECRET", "with a blank in between"),
     ("API_URL", "api.telegram.org"), ("MODE", "push"), ("MAX_CONNECTIONS", "1000")],
)  # fmt: skip
def test_a_wrong_setting_is_named_and_not_shown(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for set_name, set_value in {"TOKEN": TOKEN, name: value}.items():
        monkeypatch.setenv(f"TELEGRAM_{set_name}", set_value)
    with pytest.raises(ConfigurationError, match=f"TELEGRAM_{name}") as stopped:
        _build("telegram:main")
    assert "hunter2" not in str(stopped.value)


@pytest.mark.parametrize(
    ("url", "reachable"),
    [
        ("https://fraga.goteborg.se", True), ("https://fraga.goteborg.se:8443/x", True), ("https://185.53.24.1", True),
        ("http://fraga.goteborg.se", False), ("https://fraga.goteborg.se:8000", False), ("https://localhost", False),
        ("https://10.0.0.4", False), ("https://dator.local", False), ("https://x:notaport", False), ("", False),
    ],
)  # fmt: skip
def test_where_telegram_can_call(url: str, reachable: bool) -> None:
    assert is_reachable(url) is reachable


@pytest.mark.asyncio
async def test_the_way_updates_come_by() -> None:
    assert connector()._by_webhook
    assert not connector("http://127.0.0.1:8000/hooks/telegram/main")._by_webhook
    assert not connector(mode="polling")._by_webhook
    with pytest.raises(ConfigurationError, match=r"PUBLIC_URL.*TELEGRAM_MODE=polling"):
        connector("http://127.0.0.1:8000/hooks/telegram/main", mode="webhook")
    assert connector("http://127.0.0.1:8000/h", mode="webhook", api_url="http://127.0.0.1:8081")._by_webhook
    with pytest.raises(ConfigurationError, match="TELEGRAM_HUS_API_URL"):
        connector(api_url="http://bot-api.example.se", production=True, account="hus")


def test_the_secret_follows_the_token_and_is_what_telegram_allows() -> None:
    one, other = (TelegramSettings(_env_file=None, token=token).secret() for token in (TOKEN, TOKEN[:-1] + "x"))
    assert one != other and len(one) == 43 and TOKEN not in one
    assert TelegramSettings(_env_file=None, token=TOKEN, webhook_secret="").secret() == one
    with pytest.raises(ValidationError):
        TelegramSettings(_env_file=None, token=TOKEN, webhook_secret="åäö" * 8)
