"""The whole face as an application of its own, mounted in front of the others, and the layers that a request passes."""

from litestar import Litestar
from litestar.datastructures import State
from litestar.types import ASGIApp, Scope

from dialplane.domain.ids import AccountId
from dialplane.faces.api_limits import ApiLimits
from dialplane.faces.base import Base
from dialplane.faces.dependencies import Dependencies
from dialplane.faces.idempotency import Idempotency, Manners
from dialplane.faces.restcomm import (
    accounts,
    add_ons,
    applications,
    available,
    caller_ids,
    calls,
    clients,
    conference_recordings,
    conferences,
    media,
    message_feedback,
    messages,
    migration,
    notifications,
    numbers,
    organizations,
    participants,
    queues,
    recordings,
    rehearsals,
    transcriptions,
    usage,
)
from dialplane.faces.restcomm.credentials import BasicAuthentication, TestAuthentication
from dialplane.faces.restcomm.dialects import RESTCOMM, TWILIO, asked_of
from dialplane.faces.restcomm.errors import EXCEPTION_HANDLERS
from dialplane.faces.restcomm.forms import FormBodies
from dialplane.faces.restcomm.front import Front
from dialplane.faces.restcomm.passwords import Passwords
from dialplane.faces.restcomm.request import RestcommRequest

RESOURCES = [
    accounts.router,
    add_ons.router,
    applications.router,
    available.router,
    caller_ids.router,
    calls.router,
    clients.router,
    conference_recordings.router,
    conferences.router,
    media.router,
    message_feedback.router,
    messages.sms_router,
    messages.router,
    migration.router,
    notifications.router,
    numbers.router,
    organizations.router,
    participants.router,
    queues.router,
    recordings.router,
    transcriptions.router,
    usage.router,
]
"""Paths below a version, such as `/Accounts/{account_sid:str}/IncomingPhoneNumbers`."""


def _owner(scope: Scope) -> AccountId:
    """Keys belong to the account that is acted for, whoever above it acts."""
    account_id: AccountId = scope["user"].account.id
    return account_id


def _media_type(scope: Scope) -> bytes:
    return asked_of(scope).media_type.encode()


MANNERS = Manners(owner=_owner, media_type=_media_type)


def mounted(ports: Dependencies, others: ASGIApp) -> Front:
    """This face in front of `others`."""
    limits = ApiLimits(ports)
    passwords = Passwords(ports.hasher, ports.rate_limits.auth_by_address)

    def authentication(app: ASGIApp) -> BasicAuthentication:
        return BasicAuthentication(app, ports=ports, limits=limits, passwords=passwords)

    def idempotency(app: ASGIApp) -> Idempotency:
        return Idempotency(app, ports=ports, manners=MANNERS)

    face = Litestar(
        route_handlers=[Base(f"/{dialect.api_version}", route_handlers=RESOURCES) for dialect in (RESTCOMM, TWILIO)],
        middleware=[authentication, FormBodies, idempotency],
        request_class=RestcommRequest,
        exception_handlers=EXCEPTION_HANDLERS,
        state=State({"dependencies": ports}),
        openapi_config=None,
        logging_config=None,
    )
    return Front(face, _rehearsals(ports, limits), others)


def _rehearsals(ports: Dependencies, limits: ApiLimits) -> Litestar:
    """What answers test credentials: nothing behind it charges or keeps anything."""

    def authentication(app: ASGIApp) -> TestAuthentication:
        return TestAuthentication(app, ports=ports, limits=limits)

    return Litestar(
        route_handlers=[Base(f"/{TWILIO.api_version}", route_handlers=[rehearsals.router])],
        middleware=[authentication, FormBodies],
        request_class=RestcommRequest,
        exception_handlers=rehearsals.EXCEPTION_HANDLERS,
        state=State({"dependencies": ports}),
        openapi_config=None,
        logging_config=None,
    )
