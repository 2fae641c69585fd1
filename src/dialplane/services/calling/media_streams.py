"""The audio of a live call or conference for a client of the API: found, allowed, and fetched from its node.

The node listens at an address of its own (its *gate*) and lets in whoever brings a pass: a token, signed by the
platform and good for some seconds, that says which call or conference and how.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol
from uuid import UUID

from dialplane.domain.calling.calls import CallStatus
from dialplane.domain.errors import Conflict, Invalid, NotAuthenticated, NotFound, Unavailable
from dialplane.domain.ids import AccountId, CallId, ConferenceId
from dialplane.services.identity.authentication import TokenSigner
from dialplane.services.rooms.conferences import load_conference
from dialplane.services.transaction import Database, Transaction

ENCAPSULATIONS = ("rtp", "sln", "audiosocket")
DIRECTIONS = ("in", "out", "both")
PASS_LIFE = timedelta(seconds=10)
WELCOME = b"welcome"
"""A gate's first message to one that it lets in; to others it is the reason why not."""
_TYPE = "media_stream"

Direction = Literal["in", "out", "both"]


@dataclass(frozen=True, slots=True)
class Gate:
    """Where a node takes connections."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class StreamWish:
    """Which audio, and in which form."""

    encapsulation: Literal["rtp", "sln", "audiosocket"]
    listen: Direction = "in"
    """Seen from the party: what comes from it, what goes to it, or both."""
    speak: Direction = "out"
    """To the party, to whoever it talks with, or both."""


@dataclass(frozen=True, slots=True)
class Source:
    """Whose audio it is."""

    kind: Literal["call", "conference"]
    id: UUID


class GateStore(Protocol):
    """Port."""

    async def set_gate(self, node: str, gate: Gate) -> None: ...

    async def find_gate(self, node: str) -> Gate | None: ...

    async def live_gates(self, seen_after: datetime) -> list[Gate]:
        """Those of nodes that live and take calls."""
        ...


class AudioConnection(Protocol):
    """An open exchange of messages with a node."""

    async def send(self, message: bytes) -> None:
        """Raises ConnectionError."""
        ...

    async def receive(self) -> bytes | None:
        """None when it is over."""
        ...

    async def close(self) -> None: ...


class Gates(Protocol):
    """Port: opens exchanges."""

    async def open(self, gate: Gate, token: str) -> AudioConnection:
        """Raises Unavailable where the node does not answer, Conflict where it does not let this one in."""
        ...


async def announce_gate(database: Database, node: str, gate: Gate) -> None:
    """Tell where the node listens; once, when it is on record as living."""
    async with database.transaction() as tx:
        await tx.gates.set_gate(node, gate)


async def open_media_stream(
    database: Database,
    gates: Gates,
    signer: TokenSigner,
    account_id: AccountId,
    call_id: CallId,
    wish: StreamWish,
    now: datetime,
) -> AudioConnection:
    """Raises NotFound (another account's call too), Conflict where the call is not going on, Unavailable."""
    async with database.reading() as tx:
        call = await tx.calls.find(account_id, call_id)
        if call is None:
            raise NotFound("There is no such call", reason="CALL_NOT_FOUND")
        if call.status is not CallStatus.PROGRESSING:
            raise Conflict("The call is not going on", reason="CALL_STATE_INVALID")
        gate = await _gate(tx, call.node)
    return await gates.open(gate, issue_pass(signer, Source("call", call_id), wish, now))


async def open_conference_stream(
    database: Database,
    gates: Gates,
    signer: TokenSigner,
    account_id: AccountId,
    conference_id: ConferenceId,
    wish: StreamWish,
    now: datetime,
) -> AudioConnection:
    """What all say, and who listens is heard by all.

    Raises NotFound (another account's conference too), Conflict where nobody is in, Unavailable.
    """
    async with database.reading() as tx:
        conference = await load_conference(tx, account_id, conference_id)
        if not conference.node:
            raise Conflict("Nobody is in the conference")
        gate = await _gate(tx, conference.node)
    return await gates.open(gate, issue_pass(signer, Source("conference", conference_id), wish, now))


async def _gate(tx: Transaction, node: str) -> Gate:
    gate = await tx.gates.find_gate(node)
    if gate is None:
        raise Unavailable("The node that has the audio gives none away")
    return gate


def issue_pass(signer: TokenSigner, source: Source, wish: StreamWish, now: datetime) -> str:
    claims = {
        "type": _TYPE,
        "source": source.kind,
        "id": str(source.id),
        "encapsulation": wish.encapsulation,
        "listen": wish.listen,
        "speak": wish.speak,
        "exp": int((now + PASS_LIFE).timestamp()),
    }
    return signer.sign(claims)


def read_pass(signer: TokenSigner, token: str, now: datetime) -> tuple[Source, StreamWish]:
    """Raises NotAuthenticated where it is not ours, for something else, or too old."""
    claims = signer.open(token)
    expiry = claims.get("exp")
    if claims.get("type") != _TYPE or not isinstance(expiry, int) or expiry <= now.timestamp():
        raise NotAuthenticated("This is no pass to a call's audio")
    kind: Literal["call", "conference"] = "conference" if claims.get("source") == "conference" else "call"
    return Source(kind, UUID(str(claims["id"]))), read_wish(claims)


def read_wish(fields: Mapping[str, object]) -> StreamWish:
    """Raises Invalid with the field."""
    return StreamWish(
        encapsulation=_one_of(fields, "encapsulation", ENCAPSULATIONS, ""),  # type: ignore[arg-type]  # just checked
        listen=_one_of(fields, "listen", DIRECTIONS, "in"),  # type: ignore[arg-type]  # just checked
        speak=_one_of(fields, "speak", DIRECTIONS, "out"),  # type: ignore[arg-type]  # just checked
    )


def _one_of(fields: Mapping[str, object], name: str, allowed: tuple[str, ...], default: str) -> str:
    value = str(fields.get(name, "") or default)
    if value not in allowed:
        raise Invalid(f"{name} is one of {', '.join(allowed)}", field=name)
    return value
