"""`dialplane call show` and `pcap`, and the answers that they show, for a call whose trace is kept."""

import asyncio
import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.addresses import tel
from dialplane.domain.calling.calls import Call, CallStatus, Direction
from dialplane.domain.calling.signalling import SipPacket, pack
from dialplane.domain.calling.traces import CallTrace, key_fact
from dialplane.domain.ids import CallId, new_id, utc_now
from dialplane.services.calling.traces import forget_traces, keep_traces
from tests.faces.conftest import Client, Tenant
from tests.faces.test_flow_commands import dialplane, lines, tools

__all__ = ["tools"]

INVITE = (
    b"INVITE sip:+12025550143@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5080;branch=z9hG4bK1\r\n"
    b"From: <sip:+12125550111@127.0.0.1>;tag=1\r\nTo: <sip:+12025550143@127.0.0.1>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n"
    b"User-Agent: phone\r\nContent-Length: 0\r\n\r\n"
)
BUSY = INVITE.replace(b"INVITE sip:+12025550143@127.0.0.1 SIP/2.0", b"SIP/2.0 486 Busy Here")


@pytest.fixture
async def call(database: PostgresDatabase, tenant: Tenant) -> Call:
    """A busy call with its trace: two INVITEs, one answer, one key."""
    now = utc_now()
    made = Call(
        CallId(new_id(now)), tenant.id, Direction.INCOMING, CallStatus.RINGING, tel("+12125550111"),
        tel("+12025550143"), now, route={"verdict": "run", "reason": "the number runs a flow"},
    )  # fmt: skip
    ended = replace(made, status=CallStatus.HANGUP, ended_at=now + timedelta(seconds=1))
    at = now.timestamp()
    packets = [
        SipPacket(at, False, "udp", "127.0.0.1", 5080, INVITE),
        SipPacket(at + 0.5, False, "udp", "127.0.0.1", 5080, INVITE),
        SipPacket(at + 0.6, True, "udp", "127.0.0.1", 5080, BUSY),
    ]
    async with database.transaction() as tx:
        await tx.calls.save_many([made])
        await tx.calls.save_many([ended])
    await keep_traces(database, [CallTrace(made.id, tenant.id, now, pack(packets), (key_fact("5", now),))])
    return ended


async def test_call_is_shown_line_by_line(client: Client, call: Call) -> None:
    there = ("--api", client.base, "--key", client.key)

    shown = await asyncio.to_thread(dialplane, "call", "show", call.id, *there)
    as_json = await asyncio.to_thread(dialplane, "call", "show", call.id, "--json", *there)

    text = "\n".join(lines(shown))
    assert "← 127.0.0.1:5080  INVITE sip:+12025550143@127.0.0.1 SIP/2.0  (again)" in text
    assert "→ 127.0.0.1:5080  SIP/2.0 486 Busy Here" in text
    assert "run: the number runs a flow" in text
    kinds = [each["kind"] for each in json.loads(lines(as_json)[-1])["result"]]
    assert sorted(kinds) == ["key", "route", "sip", "sip", "sip"]


async def test_capture_file_of_a_call_is_written(client: Client, call: Call, tmp_path: Path) -> None:
    path = tmp_path / "call.pcap"

    told = await asyncio.to_thread(dialplane, "call", "pcap", call.id, path, "--api", client.base, "--key", client.key)

    assert told.exit_code == 0
    assert path.read_bytes()[:4] == b"\xd4\xc3\xb2\xa1"
    assert INVITE in path.read_bytes()


async def test_analysis_names_what_was_odd(client: Client, call: Call) -> None:
    said = await client.ask("GET", f"/v1.0/timelines/calls/{call.id}/sip-analysis")

    assert (said.json["final_status"], said.json["repeated"], said.json["user_agents"]) == (486, 1, ["phone"])
    assert said.json["problems"] == ["the peer sent 'INVITE sip:+12025550143@127.0.0.1 SIP/2.0' again, 1 times"]


async def test_foreign_trace_is_not_found_and_an_old_one_is_forgotten(
    anonymous: Client, other_tenant: Tenant, client: Client, call: Call, database: PostgresDatabase
) -> None:
    path = f"/v1.0/timelines/calls/{call.id}/pcap"
    foreign = await Client(anonymous.base, anonymous.session, other_tenant.key).ask("GET", path)

    await forget_traces(database, before=call.created_at + timedelta(days=1))
    forgotten = await client.ask("GET", path)

    assert (foreign.status, foreign.reason) == (404, "CALL_NOT_FOUND")
    assert (forgotten.status, forgotten.reason) == (404, "SIGNALLING_NOT_FOUND")
    assert isinstance(call.ended_at, datetime)
