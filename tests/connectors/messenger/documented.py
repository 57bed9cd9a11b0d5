"""The Send API's request as Meta documents it; nothing else is let through.

https://developers.facebook.com/documentation/business-messaging/messenger-platform/reference/send-api
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Id = Annotated[str, Field(pattern=r"^\d+$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Recipient(_Strict):
    id: Id


class QuickReply(_Strict):
    content_type: Literal["text"]
    title: str = Field(min_length=1, max_length=20)
    payload: str = Field(min_length=1, max_length=1000)


class Button(_Strict):
    type: Literal["postback"]
    title: str = Field(min_length=1, max_length=20)
    payload: str = Field(min_length=1, max_length=1000)


class ButtonTemplate(_Strict):
    template_type: Literal["button"]
    text: str = Field(min_length=1, max_length=640)
    buttons: list[Button] = Field(min_length=1, max_length=3)


class Attachment(_Strict):
    type: Literal["template"]
    payload: ButtonTemplate


class Message(_Strict):
    text: str | None = Field(None, min_length=1, max_length=2000)
    attachment: Attachment | None = None
    quick_replies: list[QuickReply] | None = Field(None, min_length=1, max_length=13)
    metadata: str = Field(max_length=1000)

    @model_validator(mode="after")
    def _one_of_them(self) -> Message:
        assert (self.text is None) == (self.attachment is not None)
        assert self.attachment is None or self.quick_replies is None
        return self


class SendMessage(_Strict):
    recipient: Recipient
    messaging_type: Literal["RESPONSE", "MESSAGE_TAG"]
    tag: Literal["HUMAN_AGENT"] | None = None
    message: Message

    @model_validator(mode="after")
    def _tag(self) -> SendMessage:
        assert (self.messaging_type == "MESSAGE_TAG") == (self.tag is not None)
        return self


class SenderAction(_Strict):
    recipient: Recipient
    sender_action: Literal["typing_on", "typing_off", "mark_seen"]
