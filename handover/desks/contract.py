"""What another desk is: five calls and a webhook. Chatwoot and Zammad implement it; nothing else knows them.

To the citizen and the pipeline there is one desk (`bot.plugins.Desk`): it asks for consent and keeps the queue, and what an agent
does changes a handover through `handover.repository`, wherever that agent sits. Another desk is therefore only told what our own
console would read from the store, and asked what its agents did.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from bot.delivery.contract import DeliveryFailure

Kind = Literal["citizen", "note"]
RemoteState = Literal["open", "returned", "closed", "gone"]
Why = Literal["left", "ended", "elsewhere", "returned", "closed"]


class Rejected(Exception):
    """A webhook that is not signed by the other desk, or is too old."""


class Unreadable(Exception):
    """A webhook that is signed, but not of the documented form."""


class NotYet(DeliveryFailure):
    """The other desk cannot tell yet whether it took an earlier call."""


@dataclass(frozen=True)
class Person:
    """An agent of the other desk.

    Args:
        id: the other desk's; `0` is the desk itself, when nobody in particular acted.
        name: as the citizen is shown it.
    """

    id: str
    name: str


@dataclass(frozen=True)
class Contact:
    """A number or an address that the citizen left for an answer."""

    kind: str
    value: str


@dataclass(frozen=True)
class Case:
    """What the other desk may know of a handover: what the citizen agreed to pass on, and nothing more.

    Args:
        reference: ours; short, unique, and says nothing about anybody. By it a case is found again after a crash.
        transcript: in the staff's form, masked; empty without consent to the text.
        due: by when the citizen should have an answer; None = as soon as possible.
        contacts: how to reach them outside the chat; given to a desk of tickets alone.
    """

    reference: str
    department: str
    department_name: str
    language: str
    topic: str
    reason: str
    urgent: bool
    transcript: str
    due: dt.datetime | None = None
    contacts: tuple[Contact, ...] = ()


@dataclass(frozen=True)
class Entry:
    """One thing to pass on.

    Args:
        key: ours, the same at every try.
        kind: `citizen`: their message; `note`: for the staff's eyes.
    """

    key: str
    kind: Kind
    text: str


@dataclass(frozen=True)
class Said:
    """What an agent wrote to the citizen; `text` is empty when it was only files, which do not reach the citizen."""

    id: int
    person: Person
    text: str


@dataclass(frozen=True)
class Look:
    """How a case stands at the other desk.

    Args:
        agent: to whom it is assigned.
        said: what agents wrote to the citizen since the last look, in the order it was written.
        seen_id: read up to here.
    """

    state: RemoteState
    agent: Person | None
    said: tuple[Said, ...]
    seen_id: int


@dataclass(frozen=True)
class Hint:
    """What a webhook is about: the other desk's id of the case, and our reference when it is told."""

    remote_id: str
    reference: str | None = None


class OtherDesk(Protocol):
    """A desk whose agents sit elsewhere. `again`: an earlier try may have been carried out.

    All raise `TemporaryFailure` (nothing was done), `OutcomeUnknown` (it may have been), `PermanentFailure` (refused) of
    `bot.delivery.contract`, and with `again` perhaps `NotYet`.
    """

    @property
    def key(self) -> str:
        """As in `desk_link.desk` and in the webhook's address `/hooks/<key>`."""
        ...

    @property
    def name(self) -> str:
        """As staff and citizens call the desk."""
        ...

    @property
    def out_of_hours(self) -> bool:
        """Whether it takes those who left contact details while nobody was on duty; else everybody in the queue."""
        ...

    @property
    def look_seconds(self) -> float:
        """How often an open case is looked at when no webhook came."""
        ...

    @property
    def due_hours(self) -> float:
        """How long after the next opening an answer is due, where no time was agreed on; for a desk `out_of_hours`."""
        ...

    def takes(self, department: str) -> bool:
        """Whether a department's handovers are passed on to it."""
        ...

    def verify(self, headers: Mapping[str, str], body: bytes, now: dt.datetime) -> None:
        """Checks a webhook's raw bytes, in constant time.

        Raises:
            Rejected: it is not from there.
        """
        ...

    def read(self, headers: Mapping[str, str], body: bytes) -> Hint | None:
        """What a verified webhook is about; None when there is nothing to look at (our own doing, typing, …).

        Raises:
            Unreadable: it is not of the documented form.
        """
        ...

    async def open(self, case: Case, *, again: bool) -> str:
        """Makes the case and returns its id; of several tries one case comes."""
        ...

    async def find(self, remote_id: str, entry: Entry) -> str | None:
        """The id of an entry that was passed on before, by its key; None if it never came."""
        ...

    async def say(self, remote_id: str, entry: Entry) -> str:
        """Passes an entry on and returns its id."""
        ...

    async def ready(self, remote_id: str) -> None:
        """Everything known is there: agents may begin. Harmless when repeated."""
        ...

    async def look(self, remote_id: str, after: int) -> Look:
        """How the case stands; `after` is the last `seen_id`."""
        ...

    async def take_back(self, remote_id: str, entry_id: str) -> bool:
        """Deletes an entry. False when the other desk does not allow it any more."""
        ...

    async def finish(self, remote_id: str, why: Why) -> None:
        """The case is over for the other desk. Harmless when repeated."""
        ...

    async def aclose(self) -> None:
        """Closes its connections."""
        ...
