"""Consent: what people say about it in their messages, what the account notes, and the settings of it all."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Protocol
from uuid import UUID

from dialplane.domain.addresses import PHONE, normalize_tel
from dialplane.domain.errors import Invalid
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import NIL, AccountId, NumberId, new_id
from dialplane.domain.messaging.consent import (
    ConsentRecord,
    ConsentSettings,
    Wish,
    check_settings,
    is_for_all,
    normal_words,
    read_wish,
)
from dialplane.domain.messaging.messages import MAX_TEXT, Message
from dialplane.services.eventing.events import publish
from dialplane.services.messaging.screening import Obstacles, Reach
from dialplane.services.shapes.consent import consent_record_shape
from dialplane.services.transaction import Database, Transaction

EVERYWHERE = UUID(int=2**128 - 1)
"""The scope of who wants no message from any number of the account."""
HELP_PAUSE = timedelta(minutes=1)
"""Help is given once in so long: two machines that ask each other for help are quiet soon (SMS-7)."""


@dataclass(frozen=True, slots=True)
class Ear:
    """What an inbound message's words are held against."""

    settings: ConsentSettings
    pool_id: UUID | None
    is_out: bool
    """Whether its sender has opted out."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Who gets no messages, and from whose senders."""

    account_id: AccountId
    peer: str
    scope: UUID


class ConsentStore(Protocol):
    """Port. Records are only ever added to."""

    async def screen(self, asked: Sequence[Reach], *, since: datetime) -> Sequence[Obstacles]:
        """For each, in order; its `neighbours` are those that were written to since then."""
        ...

    async def heard_from(self, account_id: AccountId, peers: Sequence[str]) -> set[str]:
        """Those of the peers that have written to the account."""
        ...

    async def completion(self, account_id: AccountId, *, since: datetime) -> tuple[int, int]:
        """Of the account's last messages whose fate is known: how many there are, and how many arrived."""
        ...

    async def find_for(self, asked: Sequence[tuple[AccountId, NumberId, str]]) -> Sequence[Ear]:
        """For each account, number and peer, in order."""
        ...

    async def find_settings(self, account_id: AccountId) -> ConsentSettings:
        """The platform's own where the account has none."""
        ...

    async def save_settings(self, account_id: AccountId, settings: ConsentSettings, now: datetime) -> None: ...

    async def add(self, record: ConsentRecord) -> None: ...

    async def opt_out(self, scope: Scope, now: datetime) -> bool:
        """False where it was so already."""
        ...

    async def opt_in(self, scope: Scope) -> None:
        """Of this scope, and of every number."""
        ...

    async def list_records(
        self, account_id: AccountId, peer: str, *, before: datetime | None, limit: int
    ) -> Sequence[ConsentRecord]:
        """Newest first; of everybody where `peer` is empty."""
        ...

    async def count_help(self, account_id: AccountId, peer: str, *, since: datetime) -> int: ...


@dataclass(frozen=True, slots=True)
class Heard:
    """What a message was found to ask for. `answer` is what its sender is told; empty: nothing."""

    wish: Wish
    answer: str
    """It goes out whatever consent says."""


async def hear(tx: Transaction, message: Message, ear: Ear, now: datetime) -> Heard | None:
    """Keep what a message that came in says about consent; None where it is an ordinary message. `ear` is of now.

    Who asks to start without having stopped is left to whatever the number runs: `START` may be its own word. A phone
    of the account consents to nothing: it is the account's own.
    """
    peer, is_heard = message.source.target, ear.settings.is_on and message.source.type != PHONE
    wish = read_wish(message.text, ear.settings.words) if is_heard else None
    if wish is None or (wish is Wish.START and not ear.is_out):
        return None
    record = ConsentRecord(
        new_id(now),
        message.account_id,
        peer,
        ear.pool_id,
        wish,
        "message",
        message.targets[0].destination.target,
        message.text[:MAX_TEXT],
        now,
        message.id,
    )
    told = await _is_news(tx, record, now)
    await _keep(tx, record)
    return Heard(wish, ear.settings.answer(wish) if told else "")


async def _is_news(tx: Transaction, record: ConsentRecord, now: datetime) -> bool:
    """Bring what is heeded up to the record; whether it changed something, or is a cry for help that was not heard."""
    scope = Scope(record.account_id, record.peer, record.pool_id or NIL)
    match record.wish:
        case Wish.STOP:
            if is_for_all(record.text):
                scope = replace(scope, scope=EVERYWHERE)
            return await tx.consent.opt_out(scope, now)
        case Wish.START:
            await tx.consent.opt_in(scope)
            return True
        case Wish.HELP:
            return not await tx.consent.count_help(record.account_id, record.peer, since=now - HELP_PAUSE)


async def _keep(tx: Transaction, record: ConsentRecord) -> None:
    await tx.consent.add(record)
    event = Event(record.account_id, "consent_changed", record.id, consent_record_shape(record), record.created_at)
    await publish(tx, event)


async def note_consent(
    database: Database, account_id: AccountId, peer: str, wish: Wish, pool_id: UUID | None, text: str, now: datetime
) -> ConsentRecord:
    """What the account has learned elsewhere: on paper, by telephone, by its own form. `text` says how.

    Raises Invalid, NotFound for an unknown pool.
    """
    if wish is Wish.HELP:
        raise Invalid("wish is STOP or START", field="wish")
    number = normalize_tel(peer, field="peer")
    async with database.transaction() as tx:
        if pool_id is not None:
            await tx.sender_pools.get(account_id, pool_id)
        record = ConsentRecord(new_id(now), account_id, number, pool_id, wish, "api", "", text, now)
        await _is_news(tx, record, now)
        await _keep(tx, record)
    return record


async def list_consent_records(
    database: Database, account_id: AccountId, peer: str, *, before: datetime | None, limit: int
) -> Sequence[ConsentRecord]:
    """Newest first; those made before `before`."""
    async with database.reading() as tx:
        return await tx.consent.list_records(account_id, peer, before=before, limit=limit)


async def get_consent_settings(database: Database, account_id: AccountId) -> ConsentSettings:
    async with database.reading() as tx:
        return await tx.consent.find_settings(account_id)


async def save_consent_settings(
    database: Database, account_id: AccountId, settings: ConsentSettings, now: datetime
) -> ConsentSettings:
    """Raises Invalid naming the field."""
    check_settings(settings)
    words = replace(
        settings.words,
        stop=normal_words(settings.words.stop),
        start=normal_words(settings.words.start),
        help=normal_words(settings.words.help),
    )
    settings = replace(
        settings,
        words=words,
        quiet_from=_clock(settings.quiet_from, "quiet_from"),
        quiet_to=_clock(settings.quiet_to, "quiet_to"),
    )
    async with database.transaction() as tx:
        await tx.consent.save_settings(account_id, settings, now)
    return settings


def _clock(text: str, field: str) -> str:
    """`21:00`; empty stays empty."""
    try:
        return f"{time.fromisoformat(text):%H:%M}" if text else ""
    except ValueError as fault:
        raise Invalid(f"{field} is a time of the day such as 21:00", field=field) from fault
