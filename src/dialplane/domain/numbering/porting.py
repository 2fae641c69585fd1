"""Porting in: numbers that come from another carrier, and the states that an order of them goes through (DESIGN 5).

```
draft -> submitted -> in process <-> exception
                      in process  -> date confirmed -> ported
         any of these but draft   -> cancel pending -> cancelled
```
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from enum import StrEnum

from dialplane.domain.errors import Conflict, Invalid
from dialplane.domain.ids import AccountId, DocumentId, NumberId, PortId
from dialplane.domain.money import Micros, usd
from dialplane.domain.numbering.documents import DocumentStatus
from dialplane.domain.numbering.numbers import NumberKind
from dialplane.domain.numbering.port_exceptions import PortException
from dialplane.domain.numbering.targets import Targets

MOST_NUMBERS = 100
"""Of one order. Carriers take larger ones as projects of their own."""

MOST_DOCUMENTS = 20
MOST_OPEN = 1000
"""Orders of one account that are not over."""

MOST_STEPS = 200
"""Of an order's way that are kept, the newest; one that goes back and forth may take no more room than this."""

LETTER_OF_AUTHORIZATION = "letter_of_authorization"
"""The kind of the one document that every order needs: the holder's word that the number may go."""

LONGEST_REASON = 1024

MONTHLY = {NumberKind.LOCAL: usd(1), NumberKind.MOBILE: usd(1), NumberKind.TOLL_FREE: usd(2)}
"""What a month of a ported number costs while the operator has not set it: no carrier's stock has a price for it.
Porting itself is free."""


class PortStatus(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    IN_PROCESS = "in_process"
    EXCEPTION = "exception"
    DATE_CONFIRMED = "date_confirmed"
    PORTED = "ported"
    CANCEL_PENDING = "cancel_pending"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        return self in (PortStatus.PORTED, PortStatus.CANCELLED)

    @property
    def may_be_changed(self) -> bool:
        """Whether the account may change what the order says."""
        return self in (PortStatus.DRAFT, PortStatus.EXCEPTION)


MEANING: Mapping[PortStatus, str] = {
    PortStatus.DRAFT: "Nobody has seen it yet: complete it and submit it.",
    PortStatus.SUBMITTED: "We have it and pass it on to the carrier that has the numbers now.",
    PortStatus.IN_PROCESS: "The carrier that has the numbers now is checking it. There is nothing to do for you.",
    PortStatus.EXCEPTION: "That carrier found something wrong: correct what is named, and submit it again.",
    PortStatus.DATE_CONFIRMED: "The day is fixed: the numbers work here from foc_date on. Until then, do not end the "
    "contract with the carrier that has them now.",
    PortStatus.PORTED: "The numbers are yours here and work.",
    PortStatus.CANCEL_PENDING: "You called it off, and the carrier that has the numbers now has to agree.",
    PortStatus.CANCELLED: "It was called off: the numbers stay where they are.",
}
"""What each status means to who waits for the numbers."""

_OPEN = (PortStatus.SUBMITTED, PortStatus.IN_PROCESS, PortStatus.EXCEPTION, PortStatus.DATE_CONFIRMED)

MOVES: Mapping[PortStatus, tuple[PortStatus, ...]] = {
    PortStatus.DRAFT: (),
    PortStatus.SUBMITTED: (PortStatus.IN_PROCESS, PortStatus.EXCEPTION, PortStatus.CANCEL_PENDING),
    PortStatus.IN_PROCESS: (PortStatus.EXCEPTION, PortStatus.DATE_CONFIRMED, PortStatus.CANCEL_PENDING),
    PortStatus.EXCEPTION: (PortStatus.IN_PROCESS, PortStatus.CANCEL_PENDING),
    PortStatus.DATE_CONFIRMED: (
        PortStatus.DATE_CONFIRMED,  # another date
        PortStatus.EXCEPTION,
        PortStatus.PORTED,
        PortStatus.CANCEL_PENDING,
    ),
    PortStatus.CANCEL_PENDING: (
        PortStatus.CANCELLED,
        PortStatus.IN_PROCESS,  # that carrier does not agree
        PortStatus.DATE_CONFIRMED,
        PortStatus.PORTED,  # it was too late
    ),
    PortStatus.PORTED: (),
    PortStatus.CANCELLED: (),
}
"""Where the operator may lead an order; the first step of a draft is its owner's."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has the numbers, as the losing carrier's books say it."""

    name: str = ""
    """Of the company or person in the contract."""
    authorized_person: str = ""
    """Who may sign for them."""
    carrier: str = ""
    """The losing carrier."""
    account_number: str = ""
    """At the losing carrier."""
    pin: str = field(default="", repr=False)
    """The losing carrier's word for letting numbers go; never shown again."""
    billing_number: str = ""
    street: str = ""
    locality: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""

    def missing(self) -> str:
        """The first field that a submission needs and that is empty; "" where there is none."""
        return next((name for name in _NEEDED if not getattr(self, name).strip()), "")

    def check(self) -> None:
        """Raises Invalid naming the field."""
        for each in fields(self):
            text = getattr(self, each.name)
            if len(text) > _LONGEST or not text.isprintable():
                raise invalid(
                    f"holder.{each.name}", f"has {_LONGEST} characters at most, and none that cannot be printed"
                )


_NEEDED = ("name", "account_number", "street", "locality", "postal_code")
_LONGEST = 255


@dataclass(frozen=True, slots=True)
class PortNumber:
    """One number of an order, and what it shall be from the cut-over on."""

    number: str
    kind: NumberKind
    country: str
    monthly_micros: Micros
    """What a month costs, as it stood when the number came into the order (LED-9)."""
    targets: Targets = field(default_factory=Targets)
    name: str = ""
    number_id: NumberId | None = None
    """From the cut-over on."""


@dataclass(frozen=True, slots=True)
class PortDocument:
    """A document of an order, as it stands now."""

    id: DocumentId
    kind: str
    status: DocumentStatus
    reason: str = ""
    expires_on: date | None = None


@dataclass(frozen=True, slots=True)
class PortStep:
    """One step on an order's way."""

    status: PortStatus
    at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Port:
    """One order of numbers that come from one carrier."""

    id: PortId
    account_id: AccountId
    status: PortStatus
    numbers: tuple[PortNumber, ...]
    holder: Holder
    created_at: datetime
    updated_at: datetime
    name: str = ""
    """What the account calls it."""
    document_ids: tuple[DocumentId, ...] = ()
    documents: tuple[PortDocument, ...] = ()
    """Those of `document_ids` that are there, as they are when the order is read."""
    requested_at: datetime | None = None
    """When the account would like the cut-over."""
    foc_at: datetime | None = None
    """When the cut-over is (the firm order commitment)."""
    exception: PortException | None = None
    """What is wrong, while the status says that something is."""
    steps: tuple[PortStep, ...] = ()
    play_at: datetime | None = None
    """Since when the simulated carrier has a move of its own to make; None: it has none."""
    submitted_at: datetime | None = None
    ended_at: datetime | None = None


def check_numbers(numbers: Sequence[PortNumber]) -> None:
    """Raises Invalid naming the field."""
    if not 1 <= len(numbers) <= MOST_NUMBERS:
        raise invalid("numbers", f"are 1 to {MOST_NUMBERS}")
    if len({each.number for each in numbers}) < len(numbers):
        raise invalid("numbers", "name a number twice")
    if len({each.country for each in numbers}) > 1:
        raise invalid("numbers", "of one order are of one country: make an order for each")


def check_complete(port: Port, now: datetime) -> None:
    """Raises Invalid naming what a submission still needs."""
    if missing := port.holder.missing():
        raise invalid(f"holder.{missing}", "is needed")
    for document in port.documents:
        if document.status is DocumentStatus.REJECTED:
            raise invalid("document_ids", f"name a {document.kind} that was rejected: {document.reason}")
        if document.expires_on is not None and document.expires_on < now.date():
            raise invalid("document_ids", f"name a {document.kind} that expired on {document.expires_on}")
    if all(document.kind != LETTER_OF_AUTHORIZATION for document in port.documents):
        raise invalid("document_ids", f"name no {LETTER_OF_AUTHORIZATION}: hand one in at /v1.0/documents")


def check_requested(moment: datetime | None, now: datetime, *, field: str) -> None:
    """Raises Invalid: a cut-over is today or later."""
    if moment is not None and moment.date() < now.date():
        raise invalid(field, "lies in the past")


def check_move(port: Port, to: PortStatus) -> None:
    """Raises Conflict where the order cannot go from its status to this one."""
    if to not in MOVES[port.status]:
        ways = ", ".join(MOVES[port.status]) or "nowhere by the operator's hand"
        raise Conflict(
            f"The port is {port.status}: from there it can go to {ways}, not to {to}",
            reason="STATE_INVALID",
            field="to",
        )


def moved(port: Port, to: PortStatus, now: datetime, *, reason: str = "") -> Port:
    """The order after a step to `to`, which somebody has checked."""
    return replace(
        port,
        status=to,
        exception=port.exception if to is PortStatus.EXCEPTION else None,
        steps=(*port.steps, PortStep(to, now, reason))[-MOST_STEPS:],
        updated_at=now,
        ended_at=now if to.is_over else None,
        play_at=None if to.is_over else port.play_at,
    )


def cancelled(port: Port, now: datetime) -> Port:
    """The order called off by its owner. Raises Conflict where it is too late."""
    if port.status is PortStatus.DRAFT:
        return moved(port, PortStatus.CANCELLED, now)
    if port.status not in _OPEN:
        raise Conflict(f"The port is {port.status}: it cannot be called off", reason="STATE_INVALID")
    return moved(port, PortStatus.CANCEL_PENDING, now)


_SPELLINGS = {
    "canceled": "cancelled",
    "foc_date_confirmed": "date_confirmed",
    "confirmed": "date_confirmed",
    "cancelpending": "cancel_pending",
}


def parse_status(text: str, *, field: str) -> PortStatus:
    """`in process`, `in-process` and `in_process` are one, and so are the carriers' own words. Raises Invalid."""
    word = text.strip().lower().replace("-", "_").replace(" ", "_")
    try:
        return PortStatus(_SPELLINGS.get(word, word))
    except ValueError:
        raise invalid(field, f"is one of {', '.join(PortStatus)}, got {text[:40]!r}") from None


def invalid(field: str, says: str) -> Invalid:
    return Invalid(f"{field} {says}", reason="INVALID_ARGUMENT", field=field)
