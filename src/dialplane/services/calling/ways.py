"""Where the INVITE of an outgoing call may go: to phones, servers, rooms, numbers of ours and trunks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from dialplane.domain.calling.calls import Call
from dialplane.domain.calling.media import ANY_AUDIO, MediaProfile
from dialplane.domain.calling.trunk_terms import Gateway, read_gateway
from dialplane.domain.calling.trunks import Trunk
from dialplane.domain.errors import NotFound, Unavailable
from dialplane.domain.ids import AccountId, ConferenceId, ExtensionId, TrunkId, find_uuid
from dialplane.services.calling.emergency import require_trunks_for_help
from dialplane.services.calling.registrations import Binding, Subscriber
from dialplane.services.calling.trunk_ways import trunks_for
from dialplane.services.transaction import Database, Transaction
from dialplane.sip.uri import SipUri

WayTransport = Literal["udp", "tcp", "tls", "ws"]
TRANSPORTS: dict[str, WayTransport] = {"udp": "udp", "tcp": "tcp", "tls": "tls", "ws": "ws"}


@dataclass(frozen=True, slots=True)
class Way:
    """One place that an INVITE may go to."""

    uri: str
    host: str
    """Where it is sent, which need not be the URI's host."""
    port: int
    transport: WayTransport
    """`ws`: a browser, which speaks WebRTC, on a connection that this node or an edge holds."""
    username: str = ""
    password: str = ""
    is_ours: bool = False
    """The destination is a number of this platform: the call comes back to us."""
    media: MediaProfile = ANY_AUDIO
    trunk: Trunk | None = None
    gateway: Gateway | None = None
    """Both, where it leads to a trunk; `gateway` alone, where to a server that a tenant named."""
    path: str = ""
    """Of a phone that registered through an edge: how it is reached (RFC 3327)."""


async def ways_to(
    database: Database, call: Call, now: datetime, *, contact: str = "", trunk_id: UUID | None = None
) -> list[Way]:
    """Where the call's INVITE may go, best first.

    `contact` is the one of an extension's phones that is meant, `trunk_id` the one trunk that a number is called by.

    Raises NotFound, Unavailable or Invalid where there is no way; the text says why.
    """
    async with database.reading() as tx:
        match call.destination.type:
            case "extension":
                return await _ways_to_extension(tx, call, now, contact)
            case "sip":
                return [way_to_sip(call.destination.target)]
            case "conference":
                return [await _way_to_conference(tx, call)]
            case _:
                return await _ways_to_tel(tx, call) if trunk_id is None else await _ways_by_one(tx, call, trunk_id)


async def _ways_to_extension(tx: Transaction, call: Call, now: datetime, contact: str) -> list[Way]:
    subscriber = await find_extension(tx, call.account_id, call.destination.target)
    if subscriber is None:
        raise NotFound("There is no such extension", reason="EXTENSION_NOT_FOUND")
    bindings = await tx.registrations.bindings(subscriber.extension_id, now)
    bindings = [binding for binding in bindings if contact in ("", binding.contact) and _is_within_reach(binding, call)]
    if not bindings:
        raise Unavailable(f"The extension {subscriber.extension} is not registered")
    return [
        Way(
            uri=binding.contact,
            host=binding.source_host,
            port=binding.source_port,
            transport=TRANSPORTS.get(binding.transport, "udp"),
            media=subscriber.media,
            path=binding.path,
        )
        for binding in bindings
    ]


def _is_within_reach(binding: Binding, call: Call) -> bool:
    """A websocket ends at the node or the edge that holds it; everything else is reached from anywhere."""
    return binding.transport != "ws" or binding.path != "" or binding.node == call.node


async def find_extension(tx: Transaction, account_id: AccountId, target: str) -> Subscriber | None:
    """By id, as VoIPBIN's addresses have it, or by name, as a forward to app users has it."""
    extension_id = find_uuid(target)
    if extension_id is None:
        return await tx.registrations.find_extension_named(account_id, target)
    return await tx.registrations.find_extension(account_id, ExtensionId(extension_id))


async def _way_to_conference(tx: Transaction, call: Call) -> Way:
    """It is called as anybody may call it, by its direct hash: what our call says and hears is then in the room."""
    conference = await tx.conferences.find(call.account_id, ConferenceId(UUID(call.destination.target)))
    if conference is None or not conference.direct_hash:
        raise NotFound("There is no such conference", reason="CONFERENCE_NOT_FOUND")
    return Way(uri=f"sip:{conference.direct_hash}", host="", port=0, transport="udp", is_ours=True)


def way_to_sip(target: str) -> Way:
    """`user@host[:port][;transport=…]`; the caller looks where the host leads before anything is sent (SSRF-2).

    Raises Invalid where the transport is none of ours.
    """
    uri = SipUri.parse(f"sip:{target}")
    gateway = read_gateway(uri.host.strip("[]"), uri.port, uri.transport)
    return Way(uri=f"sip:{target}", host=gateway.host, port=gateway.port, transport=gateway.transport, gateway=gateway)


async def _ways_to_tel(tx: Transaction, call: Call) -> list[Way]:
    """A number of our own is reached directly; any other through the gateways of the trunks."""
    target = call.destination.target
    if not target.startswith("+"):
        return _ways_by(await require_trunks_for_help(tx), target)
    if await tx.numbers.find_live([target]):
        return [Way(uri=f"sip:{target}", host="", port=0, transport="udp", is_ours=True)]
    return _ways_by(await trunks_for(tx, call), target)


async def _ways_by_one(tx: Transaction, call: Call, trunk_id: UUID) -> list[Way]:
    trunk = await tx.trunks.find(TrunkId(trunk_id))
    if trunk is None or not trunk.gateways:
        raise Unavailable("The trunk that the call was to take is gone")
    return _ways_by([trunk], call.destination.target)


def _ways_by(trunks: Sequence[Trunk], target: str) -> list[Way]:
    return [_way_by_trunk(trunk, gateway, target) for trunk in trunks for gateway in trunk.gateways]


def _way_by_trunk(trunk: Trunk, gateway: Gateway, target: str) -> Way:
    secure = ";transport=tls" if gateway.transport == "tls" else ""
    return Way(
        uri=f"sip:{trunk.terms.numbers.callee(target)}@{gateway.shown_place}{secure}",
        host=gateway.host,
        port=gateway.port,
        transport=gateway.transport,
        username=trunk.username,
        password=trunk.password,
        media=trunk.terms.media,
        trunk=trunk,
        gateway=gateway,
    )
