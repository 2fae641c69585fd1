"""Applications of an account: made, read, changed, deleted, and the numbers that point at them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from dialplane.domain.errors import Invalid, LimitExceeded, NotFound, NotPermitted
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import AccountId, ApplicationId, new_id
from dialplane.domain.numbering.applications import (
    MOST_APPLICATIONS,
    Application,
    AttachedNumber,
    check_application,
)
from dialplane.domain.numbering.history import the_account
from dialplane.domain.numbering.number_settings import without_application
from dialplane.domain.numbering.targets import ApplicationTarget, MessageTarget, ReferTarget, Targets, VoiceTarget
from dialplane.domain.tenancy.accounts import AccountStatus
from dialplane.services.eventing.events import publish
from dialplane.services.numbering.history import record
from dialplane.services.shapes.numbers import show_number
from dialplane.services.transaction import Database, Transaction

Change = Callable[[Application], Application]
"""What a client writes, laid over what is there."""


class ApplicationStore(Protocol):
    """Port: applications. Deleted ones are not found."""

    async def save(self, application: Application) -> None:
        """Insert, or write over the row of the same id."""
        ...

    async def find(
        self, account_id: AccountId, application_id: ApplicationId, *, lock: bool = False
    ) -> Application | None: ...

    async def find_many(self, application_ids: Collection[ApplicationId]) -> dict[ApplicationId, Application]:
        """Of any account."""
        ...

    async def query(
        self, account_id: AccountId, *, name: str, offset: int, limit: int
    ) -> tuple[list[Application], int]:
        """One page, oldest first, of those of this name (all where it is empty), and how many fit in all."""
        ...

    async def count(self, account_id: AccountId) -> int: ...

    async def names(self, application_ids: Collection[ApplicationId]) -> dict[ApplicationId, str]: ...

    async def numbers_of(self, application_ids: Collection[ApplicationId]) -> list[AttachedNumber]:
        """Live numbers that point at one of them, in the order of the numbers."""
        ...


async def create_application(
    database: Database, account_id: AccountId, write: Change, *, name: str, now: datetime
) -> Application:
    """A new application with what `write` makes of it.

    Raises Invalid naming the field, LimitExceeded, NotPermitted (ACCOUNT_NOT_ACTIVE) for a closed account.
    """
    application = write(Application(ApplicationId(new_id(now)), account_id, name, now, updated_at=now))
    check_application(application)
    async with database.transaction() as tx:
        account = await tx.accounts.find(account_id, for_update=True)  # who counts, or closes it, meanwhile waits here
        if account is None or account.status is AccountStatus.DELETED:
            raise NotPermitted("The account is closed", reason="ACCOUNT_NOT_ACTIVE")
        if await tx.applications.count(account_id) >= MOST_APPLICATIONS:
            raise LimitExceeded(
                f"An account has at most {MOST_APPLICATIONS} applications", reason="RESOURCE_LIMIT_EXCEEDED"
            )
        await tx.applications.save(application)
    return application


async def get_application(database: Database, account_id: AccountId, application_id: ApplicationId) -> Application:
    """Raises NotFound (APPLICATION_NOT_FOUND) for another account's too."""
    async with database.reading() as tx:
        return _given(await tx.applications.find(account_id, application_id))


async def query_applications(
    database: Database, account_id: AccountId, *, name: str = "", offset: int = 0, limit: int = 50
) -> tuple[list[Application], int]:
    """One page, oldest first, and how many there are in all."""
    async with database.reading() as tx:
        return await tx.applications.query(account_id, name=name, offset=offset, limit=limit)


async def numbers_of_applications(
    database: Database, application_ids: Sequence[ApplicationId]
) -> Mapping[ApplicationId, list[AttachedNumber]]:
    """The live numbers that point at each, in the order of the numbers."""
    async with database.reading() as tx:
        attached = await tx.applications.numbers_of(application_ids)
    return {each: [number for number in attached if number.application_id == each] for each in application_ids}


async def update_application(
    database: Database, account_id: AccountId, application_id: ApplicationId, write: Change, now: datetime
) -> Application:
    """Change what `write` changes; calls and messages follow from the next one on. Raises Invalid, NotFound."""
    async with database.transaction() as tx:
        application = _given(await tx.applications.find(account_id, application_id, lock=True))
        application = replace(write(application), updated_at=now)
        check_application(application)
        await tx.applications.save(application)
    return application


async def delete_application(
    database: Database, account_id: AccountId, application_id: ApplicationId, now: datetime
) -> Application:
    """Delete it, and take it off every number that points at it: what the number has of its own counts again."""
    async with database.transaction() as tx:
        application = _given(await tx.applications.find(account_id, application_id, lock=True))
        deleted = replace(application, updated_at=now, deleted_at=now)
        await tx.applications.save(deleted)
        for attached in await tx.applications.numbers_of([application_id]):
            await _take_off(tx, account_id, attached, now)
    return deleted


async def _take_off(tx: Transaction, account_id: AccountId, attached: AttachedNumber, now: datetime) -> None:
    number = await tx.numbers.find_locked(account_id, attached.id)
    if number is None:
        return  # it went to another account meanwhile, without its application
    settings, targets = without_application(number.settings, number.targets, attached.application_id)
    changed = replace(number, settings=settings, targets=targets, updated_at=now)
    await tx.numbers.save(changed)
    await record(tx, number, changed, "updated", the_account(account_id), now)
    await publish(tx, Event(account_id, "number_updated", number.id, show_number(changed), now))


async def application_names(
    database: Database, application_ids: Collection[ApplicationId]
) -> Mapping[ApplicationId, str]:
    """The names of those that exist, for who shows what points at them."""
    if not application_ids:
        return {}
    async with database.reading() as tx:
        return await tx.applications.names(application_ids)


async def check_applications(
    tx: Transaction, account_id: AccountId, targets: Targets, ussd_application_id: UUID | None = None
) -> None:
    """Raises Invalid (APPLICATION_NOT_FOUND, naming the field) for an application that is none of the account's."""
    for field, application_id in (
        ("voice_application_id", _application_of(targets.voice)),
        ("message_application_id", _application_of(targets.message)),
        ("refer_application_id", _application_of(targets.refer)),
        ("ussd_application_id", ussd_application_id),
    ):
        if application_id is None:
            continue
        if await tx.applications.find(account_id, ApplicationId(application_id)) is None:
            raise Invalid(f"{field}: there is no such application", reason="APPLICATION_NOT_FOUND", field=field)


def _application_of(target: VoiceTarget | MessageTarget | ReferTarget) -> UUID | None:
    return target.application_id if isinstance(target, ApplicationTarget) else None


def _given(application: Application | None) -> Application:
    if application is None:
        raise NotFound("There is no such application", reason="APPLICATION_NOT_FOUND")
    return application
