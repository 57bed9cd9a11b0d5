"""The Cloud API's requests as Meta documents them; nothing else is let through.

https://developers.facebook.com/documentation/business-messaging/whatsapp/reference/whatsapp-business-phone-number/message-api
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Text(_Strict):
    body: str = Field(min_length=1, max_length=4096)
    preview_url: bool


class Body(_Strict):
    text: str = Field(min_length=1, max_length=1024)


class Reply(_Strict):
    id: str = Field(min_length=1, max_length=256)
    title: str = Field(min_length=1, max_length=20)


class Button(_Strict):
    type: Literal["reply"]
    reply: Reply


class Buttons(_Strict):
    buttons: list[Button] = Field(min_length=1, max_length=3)

    @model_validator(mode="after")
    def _different(self) -> Buttons:
        assert len({button.reply.title for button in self.buttons}) == len(self.buttons)
        return self


class Row(_Strict):
    id: str = Field(min_length=1, max_length=200)
    title: str = Field(min_length=1, max_length=24)
    description: str | None = Field(None, min_length=1, max_length=72)


class Section(_Strict):
    rows: list[Row] = Field(min_length=1, max_length=10)


class Rows(_Strict):
    button: str = Field(min_length=1, max_length=20)
    sections: list[Section] = Field(min_length=1, max_length=1)


class ButtonMessage(_Strict):
    type: Literal["button"]
    body: Body
    action: Buttons


class ListMessage(_Strict):
    type: Literal["list"]
    body: Body
    action: Rows


class Language(_Strict):
    code: str


class Template(_Strict):
    name: str
    language: Language


class _Send(_Strict):
    messaging_product: Literal["whatsapp"]
    recipient_type: Literal["individual"]
    to: Annotated[str, Field(pattern=r"^\+?\d{6,15}$")] | None = None
    recipient: Annotated[str, Field(pattern=r"^[A-Z]{2}\.(ENT\.)?\w{1,128}$")] | None = None
    biz_opaque_callback_data: str = Field(max_length=512)

    @model_validator(mode="after")
    def _somebody(self) -> _Send:
        assert (self.to is None) != (self.recipient is None)
        return self


class SendText(_Send):
    type: Literal["text"]
    text: Text


class SendInteractive(_Send):
    type: Literal["interactive"]
    interactive: ButtonMessage | ListMessage = Field(discriminator="type")


class SendTemplate(_Send):
    type: Literal["template"]
    template: Template


class TypingIndicator(_Strict):
    type: Literal["text"]


class MarkRead(_Strict):
    messaging_product: Literal["whatsapp"]
    status: Literal["read"]
    message_id: str
    typing_indicator: TypingIndicator | None = None


_SEND: TypeAdapter[Any] = TypeAdapter(Annotated[SendText | SendInteractive | SendTemplate, Field(discriminator="type")])


def send(request: dict[str, Any]) -> Any:
    """The request, checked."""
    return _SEND.validate_python(request)
