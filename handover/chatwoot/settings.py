"""Settings of Chatwoot, read under `CHATWOOT_`."""

from __future__ import annotations

from pydantic import Field, SecretStr

from handover.desks.settings import OtherDeskSettings


class Settings(OtherDeskSettings):
    """See docs/desks.md for where each is found.

    Args:
        api_token: of an agent who is a member of the inbox: reads conversations, makes contacts.
        bot_token: of the agent bot: makes conversations and messages, and sets their state.
        bot_secret: signs what the agent bot is told.
        inbox_secret: signs what the API inbox's own webhook tells; without it a return to the bot is seen at the next look.
        teams: department → id of the team its conversations are assigned to.
        name: as citizens and staff call the desk.
    """

    account_id: int = Field(ge=1)
    inbox_id: int = Field(ge=1)
    api_token: SecretStr = Field(min_length=1)
    bot_token: SecretStr = Field(min_length=1)
    bot_secret: SecretStr = Field(min_length=16)
    inbox_secret: SecretStr | None = Field(None, min_length=16)
    teams: dict[str, int] = Field(default_factory=dict)
    name: str = Field("Kontaktcenter", min_length=1, max_length=100)

    def named_departments(self) -> frozenset[str]:
        """Every department that the settings name."""
        return self.departments | frozenset(self.teams)
