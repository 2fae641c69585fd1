"""Every route of the VoIPBIN face, and the layers that each request passes: limits, credentials, repetition."""

from litestar import Router
from litestar.types import ASGIApp, Scope

from dialplane.domain.ids import AccountId
from dialplane.domain.tenancy.accounts import Principal
from dialplane.faces.api_limits import ApiLimits
from dialplane.faces.base import Base
from dialplane.faces.bodies import BodyLimits
from dialplane.faces.dependencies import Dependencies
from dialplane.faces.idempotency import Idempotency, Manners
from dialplane.faces.imported_files import LARGEST_FILE
from dialplane.faces.trail import Trail
from dialplane.faces.voipbin import (
    access_keys,
    activeflows,
    agent_chats,
    agents,
    aicalls,
    ais,
    aisummaries,
    billing,
    boot,
    call_recordings,
    calls,
    campaigns,
    conferences,
    consent,
    contacts,
    conversation_accounts,
    conversations,
    customer,
    documents,
    dry_runs,
    emails,
    event_pages,
    events,
    extensions,
    flow_releases,
    flow_templates,
    flows,
    groupcalls,
    inventory,
    live_calls,
    media_streams,
    members,
    messages,
    number_defaults,
    number_doctor,
    number_files,
    number_handling,
    number_jobs,
    number_life,
    number_patterns,
    numbers,
    orders,
    outbound_routes,
    outdials,
    outplans,
    platform,
    port_outs,
    ports,
    prices,
    providercalls,
    providers,
    queues,
    rags,
    recordings,
    reviews,
    routing,
    schedules,
    sender_pools,
    service_agents,
    smpp_accounts,
    speakings,
    storage,
    sub_accounts,
    tags,
    timelines,
    transcribes,
    transfers,
    trunks,
    voices,
    webchats,
    webhook_log,
    webhooks,
)
from dialplane.faces.voipbin.credentials import Authentication, Verifier
from dialplane.faces.voipbin.denial import Denial
from dialplane.faces.voipbin.platform_trail import platform_actors
from dialplane.faces.voipbin.request import ApiRequest, ApiSocket
from dialplane.faces.voipbin.sign_in import auth_router

RESOURCES = [
    access_keys.router,
    activeflows.router,
    agent_chats.router,
    agents.router,
    aicalls.router,
    aicalls.messages_router,
    ais.ais,
    aisummaries.router,
    ais.teams,
    billing.router,
    call_recordings.router,
    calls.router,
    campaigns.router,
    campaigns.calls_router,
    conferences.router,
    conferences.stays_router,
    consent.router,
    contacts.router,
    conversation_accounts.router,
    conversations.router,
    customer.router,
    dry_runs.router,
    emails.router,
    extensions.router,
    flow_templates.router,
    flows.router,
    flow_releases.router,
    groupcalls.router,
    inventory.router,
    live_calls.router,
    messages.router,
    number_defaults.router,
    number_doctor.router,
    number_handling.router,
    number_jobs.router,
    number_life.router,
    number_patterns.router,
    numbers.router,
    orders.router,
    outbound_routes.router,
    outdials.router,
    outplans.router,
    port_outs.router,
    platform.router,
    ports.router,
    prices.router,
    providercalls.router,
    providers.router,
    queues.router,
    queues.stays_router,
    rags.router,
    recordings.router,
    reviews.audits,
    reviews.proposals,
    reviews.analyses,
    routing.router,
    schedules.router,
    sender_pools.router,
    service_agents.router,
    smpp_accounts.router,
    speakings.router,
    sub_accounts.router,
    tags.router,
    timelines.router,
    transfers.router,
    transcribes.router,
    trunks.router,
    voices.router,
    webchats.router,
    webhooks.router,
    webhook_log.router,
    event_pages.router,
]

SOCKETS = [events.router, media_streams.router]


def routers(ports: Dependencies, verifier: Verifier) -> list[Router]:
    """`/auth` and `/v1.0`."""
    limits = ApiLimits(ports)
    manners = Manners(owner=_owner_of_keys)

    def authentication(app: ASGIApp) -> Authentication:
        return Authentication(app, verifier=verifier, limits=limits)

    actors = platform_actors(ports)

    def trail(app: ASGIApp) -> Trail:
        return Trail(app, ports=ports, find_actor=actors)

    def uploaded(app: ASGIApp) -> BodyLimits:
        return BodyLimits(app, largest=max(documents.LARGEST_UPLOAD, LARGEST_FILE), takes_files=True)

    def idempotency(app: ASGIApp) -> Idempotency:
        return Idempotency(app, ports=ports, manners=manners)

    api = Base(
        "/v1.0",
        route_handlers=[*RESOURCES, members.members_router(ports)],
        middleware=[authentication, BodyLimits, idempotency, trail],
        request_class=ApiRequest,
    )
    files = Base(
        "/v1.0",
        route_handlers=[documents.router, number_files.router, storage.router],
        middleware=[authentication, uploaded, idempotency, trail],
        request_class=ApiRequest,
    )
    sockets = Base("/v1.0", route_handlers=SOCKETS, middleware=[Denial, authentication], websocket_class=ApiSocket)
    return [auth_router(ports), boot.boot_router(ports), api, files, sockets]


def _owner_of_keys(scope: Scope) -> AccountId:
    """A visitor's idempotency keys are the visitor's own: nobody reads by one what another was answered."""
    user: Principal = scope["user"]
    return user.account_id if user.visitor is None else AccountId(user.visitor.conversation_id)
