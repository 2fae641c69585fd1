"""Calls that are on one voice node and in a conference that another mixes: what the two nodes tell each other.

The call's node calls the mixing one and shows a pass, signed by the platform and good for some seconds: whose call it
is, and how it wants to be in. Only nodes of the registry are let in.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from dialplane.domain.calling.calls import Call
from dialplane.domain.errors import NotAuthenticated, NotFound, Unavailable
from dialplane.domain.flows.run import Run
from dialplane.domain.ids import CallId
from dialplane.domain.programs.rooms import Beeps, ConferenceLeft, JoinConference, Waiting
from dialplane.domain.programs.source_json import callback_fields, read_callback, read_source, source_fields
from dialplane.domain.programs.sources import ProgramSource, StatusCallback
from dialplane.domain.values import dataclass
from dialplane.services.calling.calls import NODE_IS_ALIVE
from dialplane.services.identity.authentication import TokenSigner
from dialplane.services.transaction import Database

PASS_LIFE = timedelta(seconds=15)
MAX_PASS = 6_000
"""Octets: it travels in a header field."""
_TYPE = "room"
_PLAIN = (
    "name", "muted", "beep", "starts", "ends", "max_participants", "record", "trim", "label", "time_limit_s",
    "hangup_key",
)  # fmt: skip
"""Fields of `JoinConference` that are JSON as they are. `variables` are the run's, which the store has."""


@dataclass(frozen=True, slots=True)
class RoomPass:
    """Whose call it is, and how it is to be in."""

    call_id: CallId
    command: JoinConference


def sign_pass(signer: TokenSigner, call: Call, command: JoinConference, now: datetime) -> str:
    """Raises Unavailable where the wish is too long to be sent."""
    fields = {name: getattr(command, name) for name in _PLAIN}
    signed = signer.sign(
        {
            "type": _TYPE,
            "exp": int((now + PASS_LIFE).timestamp()),
            "call_id": str(call.id),
            "command": {
                **fields,
                "conference_id": _text(command.conference_id),
                "coached_call_id": _text(command.coached_call_id),
                "waiting": command.waiting.value if isinstance(command.waiting, Waiting) else "",
                "waiting_source": None if isinstance(command.waiting, Waiting) else source_fields(command.waiting),
                "status": _callback(command.status),
                "recording_status": _callback(command.recording_status),
            },
        }
    )
    if len(signed) > MAX_PASS:
        raise Unavailable("What is heard while waiting is too long for a conference of another voice node")
    return signed


def read_pass(signer: TokenSigner, token: str, now: datetime) -> RoomPass:
    """Raises NotAuthenticated where it is not ours, for something else, or too old."""
    claims = signer.open(token)
    expiry = claims.get("exp")
    if claims.get("type") != _TYPE or not isinstance(expiry, int) or expiry <= now.timestamp():
        raise NotAuthenticated("This is no pass to a conference")
    fields = cast("Mapping[str, object]", claims["command"])
    return RoomPass(
        CallId(UUID(str(claims["call_id"]))),
        JoinConference(
            name=str(fields["name"]),
            conference_id=_uuid(fields["conference_id"]),
            muted=fields["muted"] is True,
            beep=cast("Beeps", fields["beep"]),
            starts=fields["starts"] is True,
            ends=fields["ends"] is True,
            waiting=_waiting(fields),
            max_participants=cast("int", fields["max_participants"]),
            record=fields["record"] is True,
            trim=fields["trim"] is True,
            label=str(fields["label"]),
            coached_call_id=_uuid(fields["coached_call_id"]),
            status=_read_callback(fields["status"]),
            recording_status=_read_callback(fields["recording_status"]),
            time_limit_s=cast("int", fields["time_limit_s"]),
            hangup_key=str(fields["hangup_key"]),
        ),
    )


async def find_place(database: Database, node: str, now: datetime) -> tuple[str, int]:
    """Where the node takes SIP. Raises Unavailable where it does not live."""
    async with database.reading() as tx:
        for each in await tx.watch.nodes():
            if each.name == node and each.seen_at > now - NODE_IS_ALIVE:
                return each.sip_host, each.sip_port
    raise Unavailable(f"The voice node {node}, which mixes the conference, does not answer")


async def find_party(database: Database, wanted: RoomPass, host: str) -> tuple[Call, Run]:
    """The live call of a pass that `host` shows, and its run. Raises NotFound, NotAuthenticated for what is no node."""
    async with database.reading() as tx:
        if host not in {each.sip_host for each in await tx.watch.nodes()}:
            raise NotAuthenticated("Only voice nodes bring calls into a conference")
        call = await tx.calls.find_live(wanted.call_id)
        run = await tx.runs.find(call.account_id, call.run_id) if call is not None and call.run_id else None
    if call is None or run is None:
        raise NotFound("There is no such live call", reason="CALL_NOT_FOUND")
    return call, run


def words_of(left: ConferenceLeft) -> str:
    """How it was left, as the mixing node says it when it hangs up."""
    return f"conference {left.why} {left.duration_s} {_text(left.recording_id) or '-'}"


def read_words(text: str, conference_id: UUID | None) -> ConferenceLeft:
    """What `words_of` wrote; `left` for whatever else a call that ended says."""
    words = text.split()
    why = words[1] if len(words) == 4 and words[0] == "conference" and words[2].isdecimal() else ""
    match why:
        case "left" | "removed" | "ended" | "full" | "timeout":
            return ConferenceLeft(why, conference_id, int(words[2]), _uuid(words[3].strip("-")))
        case _:
            return ConferenceLeft("left", conference_id)


def _waiting(fields: Mapping[str, object]) -> ProgramSource | Waiting:
    source = fields["waiting_source"]
    return Waiting(str(fields["waiting"])) if source is None else read_source(cast("Mapping[str, object]", source))


def _callback(callback: StatusCallback | None) -> Mapping[str, object] | None:
    return None if callback is None else callback_fields(callback)


def _read_callback(fields: object) -> StatusCallback | None:
    return None if fields is None else read_callback(cast("Mapping[str, object]", fields))


def _text(value: UUID | None) -> str:
    return "" if value is None else str(value)


def _uuid(value: object) -> UUID | None:
    return UUID(str(value)) if value else None
