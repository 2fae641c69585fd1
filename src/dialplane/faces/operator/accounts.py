"""Organizations and accounts: making them, reading them, changing their standing, giving them credit."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody

from dialplane.domain.charging.ledger import Entry
from dialplane.domain.ids import AccountId, OrganizationId, new_id, to_sid
from dialplane.domain.money import Micros
from dialplane.domain.tenancy.accounts import Account, AccountStatus, IdentityStatus, Organization, Plan
from dialplane.faces.operator.answers import posting, refusals
from dialplane.faces.operator.request import OperatorRequest
from dialplane.services.charging import billing
from dialplane.services.tenancy import accounts as service
from dialplane.services.tenancy import provisioning
from dialplane.services.tenancy.administration import administer

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


class NewShownAccount(ShownAccount):
    """The account with every credential, shown in this answer only."""

    auth_token: str
    access_key: str
    project_id: str
    project_token: str
    portal_email: str
    portal_password: str


class ShownOrganizations(msgspec.Struct):
    organizations: list[ShownOrganization]


class ShownAccounts(msgspec.Struct):
    accounts: list[ShownAccount]


class ShownCredit(msgspec.Struct):
    """One entry of the ledger, and the balance that it left."""

    id: UUID
    account_id: UUID
    amount_micros: int
    balance_micros: int
    reason: str
    created_at: datetime


def show_credit(entry: Entry) -> ShownCredit:
    return ShownCredit(
        id=entry.id,
        account_id=entry.account_id,
        amount_micros=entry.amount_micros,
        balance_micros=entry.credit_after,
        reason=entry.detail,
        created_at=entry.created_at,
    )


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


@post("/organizations", responses=posting())
async def create_organization(request: OperatorRequest, data: JSONBody[NewOrganization]) -> ShownOrganization:
    """Make an organization; its accounts share its SIP domains."""
    made = await provisioning.create_organization(request.database, data.name, tuple(data.domains), now=request.now)
    return show_organization(made)


@get("/organizations", responses=refusals())
async def list_organizations(request: OperatorRequest) -> ShownOrganizations:
    """Every organization, with its SIP domains."""
    found = await provisioning.list_organizations(request.database)
    return ShownOrganizations([show_organization(organization) for organization in found])


@post("/accounts", responses=posting(404))
async def create_account(request: OperatorRequest, data: JSONBody[NewAccount]) -> NewShownAccount:
    """Make an account. Its credentials are shown in this answer, in its repetitions by `Idempotency-Key`, and nowhere
    else."""
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
    return msgspec.convert(msgspec.to_builtins(show_account(made.account)) | asdict(made.credentials), NewShownAccount)


@get("/accounts", responses=refusals())
async def list_accounts(request: OperatorRequest, before: FromQuery[datetime | None] = None) -> ShownAccounts:
    """The newest hundred that were made earlier than `before`."""
    found = await service.list_accounts(request.database, before=before)
    return ShownAccounts([show_account(account) for account in found])


@get("/accounts/{account_id:uuid}", responses=refusals(404))
async def get_account(request: OperatorRequest, account_id: FromPath[UUID]) -> ShownAccount:
    """One account, without its credentials."""
    return show_account(await service.get_account(request.database, AccountId(account_id)))


@patch("/accounts/{account_id:uuid}", responses=refusals(404, 413))
async def change_account(
    request: OperatorRequest, account_id: FromPath[UUID], data: JSONBody[AccountChange]
) -> ShownAccount:
    """Change the plan, the standing, or whether the identity is verified."""
    changed = await administer(
        request.database,
        AccountId(account_id),
        plan=data.plan,
        verified=data.verified,
        status=data.status,
        now=request.now,
    )
    return show_account(changed)


@post("/accounts/{account_id:uuid}/credits", responses=posting(402, 404))
async def add_credit(request: OperatorRequest, account_id: FromPath[UUID], data: JSONBody[NewCredit]) -> ShownCredit:
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
    return show_credit(entry)


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
    tags=["Accounts"],
)
