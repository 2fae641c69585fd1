"""A number goes from one account to another of the same tree, with everything that is not the old account's own."""

from dataclasses import replace
from datetime import datetime

from dialplane.domain.errors import Conflict, NotFound, NotPermitted
from dialplane.domain.events import Event
from dialplane.domain.ids import AccountId, NumberId
from dialplane.domain.inventory import ItemState
from dialplane.domain.number_settings import Fetch, NumberSettings
from dialplane.domain.numbers import Number, NumberKind, NumberStatus
from dialplane.domain.plans import check_limit
from dialplane.domain.targets import ApplicationTarget, FlowTarget, ForwardTarget, Targets
from dialplane.services.accounts import is_descendant, load_account
from dialplane.services.events import publish
from dialplane.services.shapes.numbers import show_number
from dialplane.services.transaction import Database, Transaction


async def transfer_number(
    database: Database,
    caller_id: AccountId,
    account_id: AccountId,
    number_id: NumberId,
    target_id: AccountId,
    now: datetime,
) -> Number:
    """Give a number of `account_id` to `target_id`, on behalf of `caller_id`, which is or stands above both.

    Raises NotFound (NUMBER_NOT_FOUND, ACCOUNT_NOT_FOUND) and NotPermitted, both naming `account_id` for the target;
    Conflict where the target may not hold numbers; LimitExceeded for virtual numbers; AlreadyExists where the
    target's organization has the same SIP number.
    """
    async with database.transaction() as tx:
        number = await tx.numbers.find_locked(account_id, number_id)
        if number is None or number.status is NumberStatus.RELEASED:
            raise NotFound("There is no such number", reason="NUMBER_NOT_FOUND")
        return await move_number(tx, number, caller_id, target_id, now)


async def move_number(
    tx: Transaction, number: Number, caller_id: AccountId, target_id: AccountId, now: datetime
) -> Number:
    """The same for a locked number. To its own holder it goes without a trace."""
    if target_id == number.account_id:
        return number
    await _check_authority(tx, caller_id, target_id)
    target = await load_account(tx, target_id, for_update=True)  # its virtual numbers are counted
    if not target.status.may_use:
        raise Conflict(f"The account is {target.status}", reason="ACCOUNT_FROZEN", field="account_id")
    if number.kind is NumberKind.VIRTUAL:
        check_limit(target.plan, "virtual_numbers", existing=await tx.numbers.count_virtual(target_id))
    moved = replace(
        number,
        account_id=target_id,
        organization_id=target.organization_id,
        targets=_without_own(number.targets),
        settings=_without_applications(number.settings),
        idempotency_key="",  # it was a request of the account before
        updated_at=now,
    )
    await tx.numbers.save(moved)
    if number.item_id is not None:
        await tx.inventory.set_state(number.item_id, ItemState.ASSIGNED, account_id=target_id, until=None, now=now)
    for account_id, event in ((number.account_id, "number_deleted"), (target_id, "number_created")):
        await publish(tx, Event(account_id, event, moved.id, show_number(moved), now))
    return moved


async def _check_authority(tx: Transaction, caller_id: AccountId, target_id: AccountId) -> None:
    if target_id == caller_id:
        return
    if await tx.accounts.find(target_id) is None:
        raise NotFound("There is no such account", reason="ACCOUNT_NOT_FOUND", field="account_id")
    if not await is_descendant(tx, caller_id, target_id):
        raise NotPermitted("The account is not yours or below yours", reason="PERMISSION_DENIED", field="account_id")


def _without_own(targets: Targets) -> Targets:
    """Flows, applications and app users belong to the account; URLs and numbers outside go along."""

    def is_own(target: object) -> bool:
        return isinstance(target, FlowTarget | ApplicationTarget) or (
            isinstance(target, ForwardTarget) and bool(target.users)
        )

    return Targets(
        voice=None if is_own(targets.voice) else targets.voice,
        message=None if is_own(targets.message) else targets.message,
        refer=None if is_own(targets.refer) else targets.refer,
    )


def _without_applications(settings: NumberSettings) -> NumberSettings:
    def without(fetch: Fetch) -> Fetch:
        return replace(fetch, application_id=None)

    return replace(
        settings,
        voice=without(settings.voice),
        message=without(settings.message),
        refer=without(settings.refer),
        ussd=without(settings.ussd),
    )
