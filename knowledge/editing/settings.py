"""Settings of editing: the token that opens it, and whether each change becomes a commit."""

from __future__ import annotations

from typing import Literal

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from knowledge.settings import ROOT


class EditingSettings(BaseSettings):
    """Read from the environment and from `.env` at the project's root."""

    model_config = SettingsConfigDict(env_file=ROOT / ".env", extra="ignore")

    knowledge_token: SecretStr = SecretStr("")  # app → knowledge, internal; without it nothing can be edited
    editing_git: Literal["off", "on", "auto"] = "auto"  # one commit per change; auto: in production only
    fraga_env: Literal["development", "production"] = "development"

    @property
    def commits(self) -> bool:
        """Whether changes are committed. A developer's checkout is the developer's: there it happens only when asked for."""
        return self.editing_git == "on" or (self.editing_git == "auto" and self.fraga_env == "production")
