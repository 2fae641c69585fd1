"""The account itself: `/v1.0/customer`, `/v1.0/me`, `/v1.0/outbound_config` (reference 4.3, 6.11)."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Router, get, put
from litestar.params import JSONBody

from dialplane.domain.errors import NotFound
from dialplane.domain.ids import NIL, to_sid
from dialplane.domain.tenancy.test_credentials import id_for_tests, token_for_tests
from dialplane.faces.voipbin.answers import Detail, Fields, Name, answers
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.rooms import agents
from dialplane.services.shapes.agents import agent_shape
from dialplane.services.shapes.customer import customer_shape, outbound_config_shape
from dialplane.services.tenancy import accounts
from dialplane.services.tenancy import customer as service
from dialplane.services.tenancy.accounts import CustomerChange


class CustomerMetadata(msgspec.Struct):
    rtp_debug: bool


class Customer(msgspec.Struct):
    """The account that the credential belongs to."""

    id: UUID
    name: str
    detail: str
    email: str
    phone_number: str
    address: str
    webhook_method: str
    webhook_uri: str
    billing_account_id: UUID
    metadata: CustomerMetadata
    email_verified: bool
    status: str
    identity_verification_status: str
    tm_deletion_scheduled: str | None
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


class CustomerUpdate(msgspec.Struct):
    """What is left out stays as it is."""

    name: Name | None = None
    detail: Detail | None = None
    email: Annotated[str, msgspec.Meta(max_length=320)] | None = None
    phone_number: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    address: Annotated[str, msgspec.Meta(max_length=1024)] | None = None
    webhook_method: Literal["", "POST", "GET", "PUT", "DELETE"] | None = None
    webhook_uri: Annotated[str, msgspec.Meta(max_length=2048)] | None = None


class Agent(msgspec.Struct):
    """A person who signs in, or the access key as if it were one."""

    id: UUID
    customer_id: UUID
    username: str
    name: str
    detail: str
    ring_method: str
    status: str
    permission: int
    tag_ids: list[UUID]
    addresses: list[dict[str, str]]
    direct_hash: str
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


class BillingAccountChoice(msgspec.Struct):
    billing_account_id: UUID


class TestCredentials(msgspec.Struct):
    """A second pair for Twilio's dialect, with which nothing is done and nothing charged."""

    account_sid: str
    auth_token: str


class OutboundConfig(msgspec.Struct):
    """Which PSTN calls the account may place; an empty whitelist denies all."""

    id: UUID
    customer_id: UUID
    name: str
    detail: str
    destination_whitelist: list[str]
    codecs: str
    default_outgoing_source_number_id: UUID
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


class OutboundConfigUpdate(msgspec.Struct):
    """What is left out stays as it is; the nil UUID clears the default number."""

    name: Name | None = None
    detail: Detail | None = None
    destination_whitelist: list[Annotated[str, msgspec.Meta(pattern="^[a-z]{2}$")]] | None = None
    codecs: str | None = None
    default_outgoing_source_number_id: UUID | None = None


@get("/customer", responses=answers(Customer))
async def get_customer(request: ApiRequest) -> Fields:
    """The account."""
    return customer_shape(await accounts.get_account(request.database, request.account_id))


@put("/customer", responses=answers(Customer))
async def update_customer(request: ApiRequest, data: JSONBody[CustomerUpdate]) -> Fields:
    """Change what the account says of itself. A webhook address here becomes a webhook endpoint."""
    request.require_admin()
    change = CustomerChange(**msgspec.structs.asdict(data))
    return customer_shape(await accounts.update_customer(request.database, request.account_id, change, now=request.now))


@put("/customer/metadata", responses=answers(Customer))
async def update_customer_metadata(request: ApiRequest, data: JSONBody[CustomerMetadata]) -> Fields:
    """Change the account's metadata."""
    request.require_admin()
    return customer_shape(
        await service.set_metadata(request.database, request.account_id, rtp_debug=data.rtp_debug, now=request.now)
    )


@put("/customer/billing_account_id", responses=answers(Customer, 404))
async def choose_billing_account(request: ApiRequest, data: JSONBody[BillingAccountChoice]) -> Fields:
    """Choose the billing account. An account has one, its own: any other is not found."""
    request.require_admin()
    account = await accounts.get_account(request.database, request.account_id)
    if data.billing_account_id != account.id:
        raise NotFound(
            "There is no such billing account", reason="BILLING_ACCOUNT_NOT_FOUND", field="billing_account_id"
        )
    return customer_shape(account)


@get("/customer/test_credentials", responses=answers(TestCredentials))
async def get_test_credentials(request: ApiRequest) -> TestCredentials:
    """What a Twilio client rehearses with: numbers of +1500555 decide what comes of it. They go with the auth token."""
    request.require_admin()
    account = await accounts.get_account(request.database, request.account_id)
    return TestCredentials(to_sid("AC", id_for_tests(account.id)), token_for_tests(account.auth_token))


@get("/me", responses=answers(Agent, 404))
async def get_me(request: ApiRequest) -> Fields:
    """Who the credential is: the signed-in agent; for an access key, the account in an agent's shape."""
    if request.user.agent_id is not None:
        return agent_shape(await agents.get_agent(request.database, request.account_id, request.user.agent_id))
    account = await accounts.get_account(request.database, request.account_id)
    return {
        "id": str(NIL),
        "customer_id": str(account.id),
        "username": account.email,
        "name": account.name,
        "detail": account.detail,
        "ring_method": "",
        "status": "",
        "permission": request.user.permission,
        "tag_ids": [],
        "addresses": [],
        "direct_hash": "",
        "tm_create": None,
        "tm_update": None,
        "tm_delete": None,
    }


@get("/outbound_config", responses=answers(OutboundConfig))
async def get_outbound_config(request: ApiRequest) -> Fields:
    """Which PSTN calls the account may place."""
    account = await accounts.get_account(request.database, request.account_id)
    return outbound_config_shape(account, service.outbound_config(account))


@put("/outbound_config", responses=answers(OutboundConfig, 404))
async def update_outbound_config(request: ApiRequest, data: JSONBody[OutboundConfigUpdate]) -> Fields:
    """Change which PSTN calls the account may place."""
    request.require_admin()
    whitelist = data.destination_whitelist
    change = service.OutboundChange(
        destination_whitelist=None if whitelist is None else tuple(whitelist),
        name=data.name,
        detail=data.detail,
        codecs=data.codecs,
        default_number_id=data.default_outgoing_source_number_id,
    )
    account = await service.update_outbound_config(request.database, request.account_id, change, now=request.now)
    return outbound_config_shape(account, service.outbound_config(account))


router = Router(
    "/",
    route_handlers=[
        get_customer,
        update_customer,
        update_customer_metadata,
        choose_billing_account,
        get_test_credentials,
        get_me,
        get_outbound_config,
        update_outbound_config,
    ],
    tags=["Customer"],
)
