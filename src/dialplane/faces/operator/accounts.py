"""Organizations and accounts: making them, reading them, changing their standing, giving them credit."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody

from dialplane.domain.accounts import Account, AccountStatus, IdentityStatus, Organization, Plan
from dialplane.domain.ids import AccountId, OrganizationId, new_id, to_sid
from dialplane.domain.money import Micros
from dialplane.faces.operator.request import OperatorRequest
from dialplane.services import accounts as service
from dialplane.services import billing, provisioning

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]


class NewOrganization(msgspec.Struct):
    name: Name
    domains: list[str] = []
    """SIP domains, unique in the installation."""


class ShownOrganization(msgspec.Struct):
    id: UUID
    name: str
    domains: list[str]
    created_at: datetime


class NewAccount(msgspec.Struct):
    name: Name
    email: str
    organization_id: UUID
    plan: Plan = Plan.FREE
    credit_micros: Annotated[int, msgspec.Meta(ge=0, le=10**15)] = 0
    verified: bool = False
    home_country: str = "US"


class AccountChange(msgspec.Struct):
    """What is left out stays as it is."""

    plan: Plan | None = None
    verified: bool | None = None
    status: AccountStatus | None = None


class NewCredit(msgspec.Struct):
    amount_micros: Annotated[int, msgspec.Meta(ge=-(10**15), le=10**15)]
    """Negative takes credit away."""
    reason: Annotated[str, msgspec.Meta(max_length=1024)] = ""


class ShownAccount(msgspec.Struct):
    id: UUID
    customer_id: UUID
    account_sid: str
    organization_id: UUID
    parent_id: UUID | None
    name: str
    email: str
    plan: Plan
    status: AccountStatus
    verified: bool
    home_country: str
    created_at: datetime


def show_organization(organization: Organization) -> ShownOrganization:
    return ShownOrganization(organization.id, organization.name, list(organization.domains), organization.created_at)


def show_account(account: Account) -> ShownAccount:
    return ShownAccount(
        id=account.id,
        customer_id=account.id,
        account_sid=to_sid("AC", account.id),
        organization_id=account.organization_id,
        parent_id=account.parent_id,
        name=account.name,
        email=account.email,
        plan=account.plan,
        status=account.status,
        verified=account.identity_status is IdentityStatus.VERIFIED,
        home_country=account.home_country,
        created_at=account.created_at,
    )


@post("/organizations")
async def create_organization(request: OperatorRequest, data: JSONBody[NewOrganization]) -> ShownOrganization:
    """Make an organization; its accounts share its SIP domains."""
    made = await provisioning.create_organization(request.database, data.name, tuple(data.domains), now=request.now)
    return show_organization(made)


@get("/organizations")
async def list_organizations(request: OperatorRequest) -> dict[str, list[ShownOrganization]]:
    found = await provisioning.list_organizations(request.database)
    return {"organizations": [show_organization(organization) for organization in found]}


@post("/accounts")
async def create_account(request: OperatorRequest, data: JSONBody[NewAccount]) -> dict[str, object]:
    """Make an account. Its credentials are shown in this answer and never again."""
    draft = provisioning.AccountDraft(
        name=data.name,
        email=data.email,
        organization_id=OrganizationId(data.organization_id),
        plan=data.plan,
        credit=Micros(data.credit_micros),
        verified=data.verified,
        home_country=data.home_country,
    )
    made = await provisioning.create_account(request.database, request.ports.hasher, draft, now=request.now)
    shown: dict[str, object] = msgspec.to_builtins(show_account(made.account))
    return shown | asdict(made.credentials)


@get("/accounts")
async def list_accounts(
    request: OperatorRequest, before: FromQuery[datetime | None] = None
) -> dict[str, list[ShownAccount]]:
    """The newest hundred that were made earlier than `before`."""
    found = await service.list_accounts(request.database, before=before)
    return {"accounts": [show_account(account) for account in found]}


@get("/accounts/{account_id:uuid}")
async def get_account(request: OperatorRequest, account_id: FromPath[UUID]) -> ShownAccount:
    return show_account(await service.get_account(request.database, AccountId(account_id)))


@patch("/accounts/{account_id:uuid}")
async def change_account(
    request: OperatorRequest, account_id: FromPath[UUID], data: JSONBody[AccountChange]
) -> ShownAccount:
    """Change the plan, the standing, or whether the identity is verified."""
    changed = await service.administer(
        request.database,
        AccountId(account_id),
        plan=data.plan,
        verified=data.verified,
        status=data.status,
        now=request.now,
    )
    return show_account(changed)


@post("/accounts/{account_id:uuid}/credits")
async def add_credit(
    request: OperatorRequest, account_id: FromPath[UUID], data: JSONBody[NewCredit]
) -> dict[str, object]:
    """Give credit, or take it away. The same `Idempotency-Key` again gives the first entry and moves nothing."""
    key = request.headers.get("idempotency-key") or str(new_id(request.now))
    entry = await billing.add_credit(
        request.database,
        AccountId(account_id),
        Micros(data.amount_micros),
        data.reason,
        key=f"operator:{account_id}:{key[:255]}",
        now=request.now,
    )
    return {
        "id": str(entry.id),
        "account_id": str(entry.account_id),
        "amount_micros": entry.amount_micros,
        "balance_micros": entry.credit_after,
        "reason": entry.detail,
        "created_at": entry.created_at,
    }


router = Router(
    "/",
    route_handlers=[
        create_organization,
        list_organizations,
        create_account,
        list_accounts,
        get_account,
        change_account,
        add_credit,
    ],
)
