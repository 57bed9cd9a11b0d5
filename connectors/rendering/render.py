"""A stored reply in parts for a channel: first line, text, sources, choices, within the channel's limits."""

from __future__ import annotations

import html
from dataclasses import dataclass

from bot.texts import Catalogue
from connectors.contract import Capabilities, Choice, Offering, Outgoing, Reply
from connectors.rendering import sms
from connectors.rendering.numbers import are_numbered, first_number, offered
from connectors.rendering.split import split


@dataclass(frozen=True)
class _Block:
    """A paragraph, plain and in the channel's markup."""

    plain: str
    marked: str


class Rendering:
    """Renders replies; pure.

    Args:
        texts: the catalogue.
        public_url: where the web pages of answers are.
    """

    def __init__(self, texts: Catalogue, public_url: str) -> None:
        self._texts, self._public_url = texts, public_url.rstrip("/")

    def answer_url(self, article_id: str, language: str) -> str:
        """The short link to the full answer on the web."""
        return f"{self._public_url}/a/{article_id}" + (f"?l={language}" if language != "sv" else "")

    def render(self, reply: Reply, capabilities: Capabilities) -> list[Outgoing]:
        """The reply's parts, the same every time; choices stand under the last one."""
        choices, listed, buttons = self._choices(reply, capabilities)
        if capabilities.sms:
            texts = self._as_sms(reply, listed)
        else:
            texts = self._pack(self._blocks(reply, listed, capabilities), capabilities)
        last = len(texts) - 1
        return [
            Outgoing(key=f"{reply.message_id}.{number}", address=reply.address, text=text, language=reply.language, reply=reply,
                     choices=buttons if number == last else (), extra={"choices": choices} if number == last else {})
            for number, text in enumerate(texts)
        ]  # fmt: skip

    def say(self, key: str, reply: Reply, **params: object) -> str:
        """A text of the catalogue in the reply's language."""
        return self._texts.render(key, reply.language, **params)

    def _choices(self, reply: Reply, capabilities: Capabilities) -> tuple[tuple[Choice, ...], str, tuple[Choice, ...]]:
        """All choices, their list in the text ("" when the buttons say it all), and the buttons."""
        choices = offered(Offering(reply.article_id, reply.choices), capabilities)
        if not are_numbered(choices, capabilities):
            return choices, "", choices
        numbers = list(enumerate(choices, first_number(reply.offered_before, capabilities)))
        lines = [f"{number}. {choice.title}" for number, choice in numbers]
        few = len(choices) <= capabilities.buttons
        buttons = tuple(Choice(str(number), c.payload, c.article_id) for number, c in numbers) if few else ()
        listed = "\n".join(lines) + ("" if buttons else "\n" + self.say("channel.reply_number", reply))
        return choices, listed, buttons

    def _disclosure(self, reply: Reply, key: str) -> str:
        """That this is an AI, in the first message of a conversation. A greeting says so itself."""
        return self.say(key, reply) if reply.first and not reply.payload.get("disclosed") else ""

    def _preview(self, reply: Reply) -> str:
        """What a consent would pass on: on a phone it stands above already."""
        preview = reply.payload.get("preview")
        if not preview:
            return ""
        count, struck = len(preview.get("messages", ())), preview.get("struck", 0)
        if not count:
            return self.say("channel.preview_nothing", reply) if struck else ""
        said = self.say("channel.preview_struck" if struck else "channel.preview", reply, count=count, struck=struck)
        return f"{said} {self.say('channel.preview_earlier', reply)}" if preview.get("earlier") else said

    def _as_sms(self, reply: Reply, listed: str) -> list[str]:
        """An answer's short text and a link, in two parts if it can be; other texts as they are.

        What does not fit is left out in this order: the link, the long form of the disclosure. That an AI answers is always said.
        """
        body, link = reply.text, ""
        if reply.article_id:
            body = reply.payload.get("short") or reply.text
            link = self.say("channel.more", reply, url=self.answer_url(reply.article_id, reply.language))
        elif reply.payload.get("links"):
            body = "\n".join([body, *(item["url"] for item in reply.payload["links"])])

        def form(disclosure_key: str, link: str) -> str:
            said = self._disclosure(reply, disclosure_key)
            # The number to call in an emergency comes before everything.
            first, last = ("", said) if reply.outcome == "emergency" else (said, "")
            lines = (first, body, self._preview(reply), link, listed, last)
            return sms.plain("\n".join(line for line in lines if line))

        forms = [
            form("channel.disclosure_sms", link),
            form("channel.disclosure_sms", ""),
            form("channel.disclosure_sms_brief", ""),
        ]
        return split(sms.fewest_parts(forms), sms.fits_message)

    def _blocks(self, reply: Reply, listed: str, capabilities: Capabilities) -> list[_Block]:
        blocks: list[_Block] = []

        def add(plain: str, marked: str | None = None) -> None:
            if plain:
                blocks.append(_Block(plain, marked or (html.escape(plain, quote=False) if capabilities.markup else plain)))

        disclosure = self._disclosure(reply, "channel.disclosure")
        if reply.outcome != "emergency":
            add(disclosure)
        if reply.article_id and (title := reply.payload.get("title")):
            add(title, f"<b>{html.escape(title, quote=False)}</b>" if capabilities.markup else None)
        add(reply.text)
        add(self._preview(reply))
        for item in reply.payload.get("links", ()):
            self._link(add, item["title"], item["url"], capabilities)
        for source in reply.payload.get("sources", ()):
            named = self.say("answer.source", reply, title=source["title"])
            self._link(add, named, source["url"], capabilities)
        if reply.payload.get("updated"):
            add(self.say("answer.updated", reply, date=reply.payload["updated"]))
        add(listed)
        if reply.outcome == "emergency":
            add(disclosure)
        return blocks

    def _link(self, add: object, title: str, url: str, capabilities: Capabilities) -> None:
        """A link on a line of its own: in a right-to-left text an address in the middle of a line is torn apart."""
        assert callable(add)
        marked = f'<a href="{html.escape(url)}">{html.escape(title, quote=False)}</a>' if capabilities.markup else None
        add(f"{title}\n{url}", marked)

    def _pack(self, blocks: list[_Block], capabilities: Capabilities) -> list[str]:
        """As many blocks a message as fit; one that alone is too long is cut between sentences."""

        def fits(text: str) -> bool:
            return len(text) <= capabilities.max_length

        parts: list[str] = []
        for block in blocks:
            if parts and fits(parts[-1] + "\n\n" + block.marked):
                parts[-1] += "\n\n" + block.marked
            elif fits(block.marked):
                parts.append(block.marked)
            elif capabilities.markup:
                pieces = split(block.plain, lambda text: fits(html.escape(text, quote=False)))
                parts += [html.escape(piece, quote=False) for piece in pieces]
            else:
                parts += split(block.plain, fits)
        return parts
