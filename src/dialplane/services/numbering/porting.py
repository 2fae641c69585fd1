"""Porting in, the account's side: is it possible, the order, its papers, and calling it off.

`services/numbering/port_progress.py` has what happens to an order from then on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from dialplane.domain.addresses import normalize_tel
from dialplane.domain.errors import AlreadyExists, Conflict, LimitExceeded, NotFound, NotPermitted
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import AccountId, DocumentId, PortId, new_id
from dialplane.domain.numbering.documents import Document, DocumentStatus
from dialplane.domain.numbering.portability import OBSTACLES, Obstacle, Portability, is_played, look_up
from dialplane.domain.numbering.porting import (
    MOST_DOCUMENTS,
    MOST_NUMBERS,
    MOST_OPEN,
    Holder,
    Port,
    PortNumber,
    PortStatus,
    PortStep,
    cancelled,
    check_complete,
    check_numbers,
    check_requested,
    invalid,
    moved,
)
from dialplane.domain.numbering.targets import Targets
from dialplane.domain.tenancy.accounts import IdentityStatus
from dialplane.services.charging.rates import port_prices
from dialplane.services.eventing.events import publish
from dialplane.services.numbering.numbers import check_targets
from dialplane.services.shapes.porting import show_port
from dialplane.services.tenancy.account_locks import hold_active_alone
from dialplane.services.transaction import Database, Transaction

_LONGEST_NAME = 255


class PortStore(Protocol):
    """Port. An order is read with its documents as they stand."""

    async def add(self, port: Port) -> None: ...

    async def save(self, port: Port) -> None: ...

    async def find(self, account_id: AccountId | None, port_id: PortId, *, lock: bool = False) -> Port | None:
        """Any account's where `account_id` is None. `lock`: nobody else changes it until the transaction ends."""
        ...

    async def list_for(
        self, account_id: AccountId | None, *, status: PortStatus | None, before: datetime | None, limit: int
    ) -> list[Port]:
        """Newest first; made before `before`; every account's where `account_id` is None."""
        ...

    async def count_open(self, account_id: AccountId) -> int: ...

    async def uses(self, document_id: DocumentId) -> bool:
        """Whether an order that is not over names the document."""
        ...

    async def waiting_on(self, document_id: DocumentId) -> list[Port]:
        """Those that name the document and are being worked on, locked, in the order of their ids."""
        ...

    async def due(self, now: datetime) -> Port | None:
        """One whose cut-over has come, locked; those that others have locked are left out."""
        ...

    async def to_play(self) -> Port | None:
        """One with which the simulated carrier has something to do, locked in the same way."""
        ...

    async def claimed(self, numbers: Sequence[str], *, by_others_than: PortId | None = None) -> set[str]:
        """Those of `numbers` that are on their way in another order."""
        ...

    async def claim(self, port_id: PortId, numbers: Sequence[str]) -> None:
        """These and no others are the order's. Raises AlreadyExists where one is another's."""
        ...

    async def give_up(self, port_id: PortId) -> None:
        """Other orders may have its numbers."""
        ...


@dataclass(frozen=True, slots=True)
class WantedNumber:
    """A number that shall come, and what it shall do from then on."""

    number: str
    targets: Targets = field(default_factory=Targets)
    name: str = ""


@dataclass(frozen=True, slots=True)
class PortDraft:
    """What an account writes; None leaves a field as it is. `holder` has the fields of `Holder` that change."""

    numbers: tuple[WantedNumber, ...] | None = None
    holder: Mapping[str, str] = field(default_factory=dict)
    document_ids: tuple[DocumentId, ...] | None = None
    requested_at: datetime | None = None
    name: str | None = None


# --- before the order ------------------------------------------------------------------------------------------------


async def check_portability(database: Database, numbers: Sequence[str]) -> list[Portability]:
    """What is known of each number, in their order. Raises Invalid where one is none or they are too many."""
    if not 1 <= len(numbers) <= MOST_NUMBERS:
        raise invalid("numbers", f"are 1 to {MOST_NUMBERS}")
    asked = [normalize_tel(number, field=f"numbers[{n}]") for n, number in enumerate(numbers)]
    async with database.reading() as tx:
        return await _look_up(tx, asked)


async def _look_up(tx: Transaction, numbers: Sequence[str], *, port_id: PortId | None = None) -> list[Portability]:
    here = await tx.inventory.find_known(numbers) - await tx.port_outs.gone(numbers)
    here |= {each.number for each in await tx.numbers.find_live(numbers)}
    in_porting = await tx.ports.claimed(numbers, by_others_than=port_id)
    return [look_up(number, here=here, in_porting=in_porting) for number in numbers]


# --- the order -------------------------------------------------------------------------------------------------------


async def create_port(database: Database, account_id: AccountId, draft: PortDraft, now: datetime) -> Port:
    """A draft, which nobody sees before it is submitted.

    Raises Invalid naming the field, NotFound for a flow or a document, AlreadyExists for a number that is here or on
    its way, LimitExceeded, NotPermitted where the account is not active.
    """
    blank = Port(
        id=PortId(new_id(now)),
        account_id=account_id,
        status=PortStatus.DRAFT,
        numbers=(),
        holder=Holder(),
        created_at=now,
        updated_at=now,
        steps=(PortStep(PortStatus.DRAFT, now),),
    )
    async with database.transaction() as tx:
        await hold_active_alone(tx, account_id)  # an open order keeps the account from being closed
        port = await _laid_over(tx, blank, replace(draft, numbers=draft.numbers or ()), now)
        if await tx.ports.count_open(account_id) >= MOST_OPEN:
            raise LimitExceeded(f"{MOST_OPEN} ports are under way already", reason="RESOURCE_LIMIT_EXCEEDED")
        await tx.ports.add(port)
        return await _told(tx, port, "port_created", now)


async def update_port(
    database: Database, account_id: AccountId, port_id: PortId, draft: PortDraft, now: datetime
) -> Port:
    """Change a draft, or correct what an exception names. Raises as `create_port` does, NotFound (PORT_NOT_FOUND),
    Conflict in any other status."""
    async with database.transaction() as tx:
        port = await lock_port(tx, account_id, port_id)
        if not port.status.may_be_changed:
            raise Conflict(f"The port is {port.status}: it cannot be changed now", reason="STATE_INVALID")
        changed = await _laid_over(tx, port, draft, now)
        if port.status is PortStatus.EXCEPTION:
            await tx.ports.claim(port.id, [each.number for each in changed.numbers])
        await tx.ports.save(changed)
        return await _told(tx, changed, "port_updated", now)


async def add_to_port(
    database: Database, account_id: AccountId, port_id: PortId, document: Document, now: datetime
) -> Port:
    """Let an order name one more document, in the place of those of its kind that were rejected. Raises as
    `update_port` does."""
    async with database.transaction() as tx:
        port = await lock_port(tx, account_id, port_id)
        if not port.status.may_be_changed:
            raise Conflict(f"The port is {port.status}: it cannot be changed now", reason="STATE_INVALID")
        useless = {
            each.id for each in port.documents if each.kind == document.kind and each.status is DocumentStatus.REJECTED
        }
        kept = tuple(each for each in port.document_ids if each not in useless)
        changed = await _laid_over(tx, port, PortDraft(document_ids=(*kept, document.id)), now)
        await tx.ports.save(changed)
        return await _told(tx, changed, "port_updated", now)


async def set_port_targets(
    database: Database, account_id: AccountId, port_id: PortId, wanted: Sequence[WantedNumber], now: datetime
) -> Port:
    """What numbers of the order shall do from the cut-over on; at any time before it.

    Raises NotFound for the order, a flow or a number that is not the order's, Conflict where the order is over.
    """
    given = {normalize_tel(each.number, field=f"numbers[{n}]"): each for n, each in enumerate(wanted)}
    async with database.transaction() as tx:
        port = await lock_port(tx, account_id, port_id)
        if port.status.is_over:
            raise Conflict(f"The port is {port.status}: change the numbers themselves", reason="STATE_INVALID")
        if strangers := given.keys() - {each.number for each in port.numbers}:
            raise NotFound(f"{min(strangers)} is not in the port", reason="NUMBER_NOT_FOUND", field="numbers")
        for each in given.values():
            await check_targets(tx, account_id, each.targets)
        numbers = tuple(
            replace(each, targets=given[each.number].targets, name=given[each.number].name or each.name)
            if each.number in given
            else each
            for each in port.numbers
        )
        changed = replace(port, numbers=numbers, updated_at=now)
        await tx.ports.save(changed)
        return await _told(tx, changed, "port_updated", now)


async def submit_port(database: Database, account_id: AccountId, port_id: PortId, now: datetime) -> Port:
    """Hand a draft in, or one that was corrected in again.

    Raises Invalid naming what is missing, AlreadyExists for a number that is here or on its way, NotPermitted
    (IDENTITY_VERIFICATION_REQUIRED), NotFound, Conflict in any other status.
    """
    async with database.transaction() as tx:
        port = await lock_port(tx, account_id, port_id)
        if not port.status.may_be_changed:
            raise Conflict(f"The port is {port.status}: it was submitted", reason="STATE_INVALID")
        account = await tx.accounts.get(account_id)
        if account.identity_status is not IdentityStatus.VERIFIED:
            raise NotPermitted(
                "The identity must be verified before numbers can be ported", reason="IDENTITY_VERIFICATION_REQUIRED"
            )
        check_complete(port, now)
        await _check_portable(tx, [each.number for each in port.numbers], port.id)
        await tx.ports.claim(port.id, [each.number for each in port.numbers])
        again = port.status is PortStatus.EXCEPTION
        submitted = moved(port, PortStatus.IN_PROCESS if again else PortStatus.SUBMITTED, now)
        submitted = replace(
            submitted, submitted_at=port.submitted_at or now, play_at=now if is_played(submitted) else None
        )
        return await keep(tx, submitted, now)


async def cancel_port(database: Database, account_id: AccountId, port_id: PortId, now: datetime) -> Port:
    """Call an order off: a draft is gone at once, any other waits for the losing carrier to agree.

    Raises NotFound, Conflict where it is over or called off already.
    """
    async with database.transaction() as tx:
        port = cancelled(await lock_port(tx, account_id, port_id), now)
        return await keep(tx, replace(port, play_at=now if is_played(port) and not port.status.is_over else None), now)


async def get_port(database: Database, account_id: AccountId | None, port_id: PortId) -> Port:
    """Raises NotFound (PORT_NOT_FOUND) for another account's too; the operator's account is None."""
    async with database.reading() as tx:
        return _given(await tx.ports.find(account_id, port_id))


async def list_ports(
    database: Database,
    account_id: AccountId | None,
    *,
    status: PortStatus | None = None,
    before: datetime | None = None,
    limit: int = 100,
) -> list[Port]:
    """Newest first; every account's, for the operator, where `account_id` is None."""
    async with database.reading() as tx:
        return await tx.ports.list_for(account_id, status=status, before=before, limit=limit)


# --- parts -----------------------------------------------------------------------------------------------------------


async def lock_port(tx: Transaction, account_id: AccountId | None, port_id: PortId) -> Port:
    """Raises NotFound for another account's too; any account's where `account_id` is None."""
    return _given(await tx.ports.find(account_id, port_id, lock=True))


async def keep(tx: Transaction, port: Port, now: datetime) -> Port:
    """Write an order that took a step, and tell of it: `port_submitted`, `port_exception`, ..."""
    await tx.ports.save(port)
    if port.status.is_over:
        await tx.ports.give_up(port.id)
    return await _told(tx, port, f"port_{port.status}", now)


async def _told(tx: Transaction, port: Port, what: str, now: datetime) -> Port:
    """The order as a reader finds it, which is what is told."""
    kept = _given(await tx.ports.find(None, port.id))
    await publish(tx, Event(kept.account_id, what, kept.id, show_port(kept), now))
    return kept


async def _laid_over(tx: Transaction, port: Port, draft: PortDraft, now: datetime) -> Port:
    """The order with the draft laid over it, checked but for what only a submission needs."""
    check_requested(draft.requested_at, now, field="requested_date")
    changed = replace(
        port,
        name=port.name if draft.name is None else draft.name,
        holder=replace(port.holder, **draft.holder),
        requested_at=draft.requested_at or port.requested_at,
        updated_at=now,
    )
    if len(changed.name) > _LONGEST_NAME:
        raise invalid("name", f"has {_LONGEST_NAME} characters at most")
    changed.holder.check()
    if draft.numbers is not None:
        changed = replace(changed, numbers=await _ordered(tx, port, draft.numbers))
        check_numbers(changed.numbers)
    if draft.document_ids is not None:
        await _check_documents(tx, port.account_id, draft.document_ids)
        changed = replace(changed, document_ids=tuple(dict.fromkeys(draft.document_ids)))
    return changed


async def _ordered(tx: Transaction, port: Port, wanted: Sequence[WantedNumber]) -> tuple[PortNumber, ...]:
    if not 1 <= len(wanted) <= MOST_NUMBERS:
        raise invalid("numbers", f"are 1 to {MOST_NUMBERS}")
    numbers = [normalize_tel(each.number, field=f"numbers[{n}]") for n, each in enumerate(wanted)]
    known = await _check_portable(tx, numbers, port.id)
    for each in wanted:
        await check_targets(tx, port.account_id, each.targets)
        if len(each.name) > _LONGEST_NAME:
            raise invalid("numbers", f"have names of {_LONGEST_NAME} characters at most")
    kept = {each.number: each.monthly_micros for each in port.numbers}
    months = await port_prices(tx, port.account_id)
    return tuple(
        PortNumber(one.number, one.kind, one.country, kept.get(one.number, months[one.kind]), each.targets, each.name)
        for one, each in zip(known, wanted, strict=True)
        if one.kind is not None  # or it had been refused
    )


async def _check_portable(tx: Transaction, numbers: Sequence[str], port_id: PortId) -> list[Portability]:
    """Raises Invalid for a number that can never come, AlreadyExists for one that is here or on its way."""
    known = await _look_up(tx, numbers, port_id=port_id)
    for n, one in enumerate(known):
        if one.obstacle in (Obstacle.HERE, Obstacle.IN_PORTING):
            says = f"{one.number} cannot be ported: {OBSTACLES[one.obstacle]}"
            raise AlreadyExists(says, reason=one.obstacle, field=f"numbers[{n}]")
        if one.obstacle is not None:
            raise invalid(f"numbers[{n}]", f"cannot be ported: {OBSTACLES[one.obstacle]}")
    return known


async def _check_documents(tx: Transaction, account_id: AccountId, document_ids: Sequence[DocumentId]) -> None:
    if len(document_ids) > MOST_DOCUMENTS:
        raise invalid("document_ids", f"are {MOST_DOCUMENTS} at most")
    for document_id in document_ids:
        if await tx.documents.find(account_id, document_id) is None:
            raise NotFound("document_ids: there is no such document", reason="DOCUMENT_NOT_FOUND", field="document_ids")


def _given(port: Port | None) -> Port:
    if port is None:
        raise NotFound("There is no such port", reason="PORT_NOT_FOUND")
    return port
