"""A project in which something happened: calls, one of them with all that is kept of it, texts, and a webhook."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from dialplane.domain.addresses import Address, tel
from dialplane.domain.calling.calls import Call, CallExtras, CallStatus, Direction, HangupBy, HangupReason
from dialplane.domain.calling.signalling import SipPacket, pack
from dialplane.domain.calling.traces import CallTrace, key_fact
from dialplane.domain.ids import AccountId, CallId, RecordingId, new_id, utc_now
from dialplane.domain.recording.recordings import Recording, RecordingStatus, path_of
from dialplane.services.calling.traces import keep_traces
from dialplane.services.eventing.webhooks import create_endpoint
from dialplane.services.messaging.conversations import write_text
from dialplane.services.messaging.sandbox_messages import text_from_handset
from dialplane.services.transaction import Database
from tests.faces.test_call_commands import BUSY, INVITE

HANDSET = "+12125550123"


@dataclass(frozen=True, slots=True)
class Activity:
    live: CallId
    over: CallId
    recording: RecordingId
    conversation: UUID
    endpoint: UUID


async def fill(database: Database, account_id: AccountId, own: str, *, said: str = "Hello") -> Activity:
    """`said` is what others say wherever others say something."""
    now = utc_now()
    endpoint = await create_endpoint(database, account_id, url="https://example.com/hook", name=said[:255], now=now)
    live, over = _live(account_id, own, said, now), _over(account_id, own, said, now)
    recording = Recording(
        RecordingId(new_id(now)), account_id, over.id, RecordingStatus.ENDED, path_of(account_id, over.id), now,
        duration_ms=61_000, size_bytes=1000, ended_at=now,
    )  # fmt: skip
    over = over.after(recording_ids=(recording.id,))
    async with database.transaction() as tx:
        await tx.calls.save_many([live, over])
        await tx.recordings.save(recording)
    at = over.created_at.timestamp()
    packets = [
        SipPacket(at, False, "udp", "127.0.0.1", 5080, INVITE),
        SipPacket(at + 0.5, False, "udp", "127.0.0.1", 5080, INVITE),
        SipPacket(at + 0.6, True, "udp", "127.0.0.1", 5080, BUSY),
    ]
    await keep_traces(database, [CallTrace(over.id, account_id, now, pack(packets), (key_fact("5", now),))])
    conversation = await text_from_handset(database, account_id, handset=HANDSET, own=own, text=said, now=now)
    await write_text(database, account_id, own=own, peer=HANDSET, text=said, now=now)
    return Activity(live.id, over.id, recording.id, conversation.id, endpoint.id)


def _live(account_id: AccountId, own: str, said: str, now: datetime) -> Call:
    return Call(
        CallId(new_id(now)), account_id, Direction.INCOMING, CallStatus.PROGRESSING, tel(HANDSET), tel(own), now,
        progressing_at=now, node="local", extras=CallExtras(caller_name=said),
    )  # fmt: skip


def _over(account_id: AccountId, own: str, said: str, now: datetime) -> Call:
    begun = now - timedelta(hours=1)
    route: dict[str, object] = {
        "kind": "call", "raw": said, "normalized": own, "organization": None, "verdict": "refuse", "refused": "",
        "reason": said, "target": None, "document": None,
        "candidates": [{"what": "number", "id": None, "value": said, "verdict": "refused", "reason": said}],
    }  # fmt: skip
    return Call(
        CallId(new_id(begun)), account_id, Direction.INCOMING, CallStatus.HANGUP, Address("sip", said), tel(own), begun,
        hangup_by=HangupBy.REMOTE, hangup_reason=HangupReason.BUSY, cause_text=said, raw_source=said, route=route,
        ended_at=begun + timedelta(seconds=3), node="local", extras=CallExtras(caller_name=said),
    )  # fmt: skip
