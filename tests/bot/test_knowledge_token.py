"""The token between app and knowledge service is there without anybody having to write it down, and reaches only those two."""

from __future__ import annotations

from bot.settings import load_settings
from bot.supervisor import services


def test_it_is_made_from_the_secret_key_when_it_is_left_out() -> None:
    first = load_settings(_env_file=None, secret_key="a" * 40, knowledge_token="")
    again = load_settings(_env_file=None, secret_key="a" * 40, knowledge_token="")
    other = load_settings(_env_file=None, secret_key="b" * 40, knowledge_token="")
    tokens = [made.knowledge_token.get_secret_value() for made in (first, again, other)]
    assert tokens[0] == tokens[1] != tokens[2]
    assert len(tokens[0]) >= 32
    assert "a" * 40 not in tokens[0]
    assert tokens[0] not in repr(first)


def test_one_that_is_given_is_kept_and_only_the_knowledge_service_gets_it() -> None:
    settings = load_settings(_env_file=None, knowledge_token="given" * 8)
    environments = {service.name: service.environment for service in services(settings)}
    assert environments["knowledge"]["KNOWLEDGE_TOKEN"] == "given" * 8
    assert [name for name, environment in environments.items() if "KNOWLEDGE_TOKEN" in environment] == ["knowledge"]
