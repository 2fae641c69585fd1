"""Numbers and credit for tests that are about something else."""

from datetime import datetime
from uuid import uuid4

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.flows.flow import Flow
from dialplane.domain.ids import AccountId, FlowId, NumberId, OrganizationId
from dialplane.domain.money import Micros
from dialplane.domain.numbering.numbers import Number, NumberKind, NumberStatus, SuspendedFor
from dialplane.domain.numbering.targets import FlowTarget, Targets
from dialplane.services.charging.ledger import credit
from dialplane.services.programs.flows import FlowChange, create_flow


async def add_number(
    database: PostgresDatabase,
    account_id: AccountId,
    number: str,
    now: datetime,
    *,
    kind: NumberKind = NumberKind.LOCAL,
    status: NumberStatus = NumberStatus.ACTIVE,
    message_flow: FlowId | None = None,
) -> Number:
    """A number that the account holds; `message_flow` runs for its messages."""
    targets = Targets(message=FlowTarget(message_flow) if message_flow else None)
    async with database.transaction() as tx:
        account = await tx.accounts.get(account_id)
        held = Number(
            NumberId(uuid4()),
            account_id,
            OrganizationId(account.organization_id),
            number,
            kind,
            status,
            now,
            targets,
            suspended_for=SuspendedFor.OPERATOR if status is NumberStatus.SUSPENDED else SuspendedFor.NOTHING,
        )
        await tx.numbers.add(held)
    return held


async def add_credit(database: PostgresDatabase, account_id: AccountId, amount: int, now: datetime) -> None:
    async with database.transaction() as tx:
        await credit(tx, account_id, Micros(amount), "test", key=f"test:{uuid4()}", now=now)


async def add_flow(
    database: PostgresDatabase, account_id: AccountId, actions: list[dict[str, object]], now: datetime
) -> Flow:
    return await create_flow(database, account_id, FlowChange(name="test", actions=actions), now)
