"""Signed caller IDs on real calls: certificates from a real https server, verdicts in record, webhook and document."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.addresses import tel
from dialplane.domain.calling.calls import Call
from dialplane.domain.calling.trust import Checking, TrunkTrust
from dialplane.domain.ids import utc_now
from dialplane.domain.numbering.targets import DocumentTarget
from dialplane.phone.softphone import Manners, PhoneCall
from dialplane.services.calling.outgoing import CallRequest, create_calls
from dialplane.services.calling.passports import came_with_another_call
from dialplane.services.calling.trunks import list_trunks
from dialplane.services.calling.trust import SigningDraft, TrustChange, change_trust, set_trunk_trust
from dialplane.sip.message import Request
from dialplane.stir.identity import parse_identity, write_identity
from dialplane.stir.passport import Attestation, Passport, sign
from tests.effort import PATIENCE_S
from tests.fakes.certificate_server import CertificateServer, certificate_server
from tests.media.conftest import MediaProcess
from tests.stir.authority import Holder, authority
from tests.voice.documents import document_number, document_server
from tests.voice.platform import VoiceNode, voice_node

NUMBER, CALLER = "+12025550143", "+12125550111"
HANGUP: dict[str, object] = {"type": "hangup"}
X5U = "https://certificates.example.org/ours.pem"


@dataclass
class Carrier:
    """Who signs the calls that come in: a certified signer, with its file where everybody can have it."""

    node: VoiceNode
    server: CertificateServer
    root: Holder
    signer: Holder

    def identity(self, *, signer: Holder | None = None, **changes: Any) -> str:
        now = int(utc_now().timestamp())
        passport = Passport(self.server.url(), Attestation.FULL, CALLER[1:], (NUMBER[1:],), now, "origin")
        passport = replace(passport, **changes)
        return write_identity(sign(passport, (signer or self.signer).key), passport.x5u)

    async def call(self, *fields: str) -> PhoneCall:
        """A call with these Identity header fields, once it is over."""
        async with self.node.phone() as phone:
            call = await self.node.ring(phone, NUMBER, headers=[("Identity", field) for field in fields])
            await call.ended.wait()
        return call

    async def verstat(self, *fields: str) -> str:
        await self.call(*fields)
        return (await self.last()).details.verstat

    async def last(self) -> Call:
        return (await self.node.calls())[-1]

    async def trust(self, trust: TrunkTrust) -> None:
        (trunk, *_) = await list_trunks(self.node.database)
        await set_trunk_trust(self.node.database, trunk.id, trust, utc_now())

    async def refusal(self, *fields: str, wanted: int) -> PhoneCall:
        """The first call that is refused so: the node hears of another trust within a second."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                call = await self.call(*fields)
                if call.end is not None and call.end.status == wanted:
                    return call


@pytest.fixture
async def carrier(
    dsn: str, database: PostgresDatabase, media_process: MediaProcess, tmp_path: Path
) -> AsyncIterator[Carrier]:
    root = authority()
    async with certificate_server(tmp_path) as server:
        await change_trust(database, TrustChange(anchors=root.pem), utc_now())
        async with voice_node(dsn, database, media_process, tmp_path, believed=server.trusting) as node:
            signer = root.certify()
            server.serve(signer)
            yield Carrier(node, server, root, signer)


async def test_verdict_stands_in_record_webhook_variable_and_route(carrier: Carrier) -> None:
    """STIR-3: a call whose caller is vouched for, told wherever calls are told of."""
    node = carrier.node
    await node.number(NUMBER, {"type": "variable_set", "option": {"key": "seen", "value": "${voipbin.call.verstat}"}})

    assert await carrier.verstat(carrier.identity()) == "TN-Validation-Passed-A"

    call = await node.ended_call()
    await node.run_of(call)
    async with node.database.reading() as tx:
        created = await tx.connection.fetchval("select data from events where type = 'call_created'")
        variables = await tx.connection.fetchval("select variables from runs where id = $1", call.run_id)
    assert created["verstat"] == "TN-Validation-Passed-A"
    assert variables["voipbin.call.verstat"] == variables["seen"] == "TN-Validation-Passed-A"
    assert call.route is not None
    assert call.route["candidates"][-1] == {  # type: ignore[index]  # JSON
        "what": "identity",
        "id": None,
        "value": "TN-Validation-Passed-A",
        "verdict": "noted",
        "reason": "the caller's carrier vouches for the number",
    }


async def test_document_is_told_stir_verstat(carrier: Carrier) -> None:
    """STIR-3: Twilio's parameter, on all requests of the call; none where the call brought no identity."""
    async with document_server(
        {"/start": "<Response><Redirect>/next</Redirect></Response>", "/next": "<Response/>"}
    ) as server:
        await document_number(carrier.node, NUMBER, DocumentTarget(server.url()))
        await carrier.call(carrier.identity(attestation=Attestation.PARTIAL))
        await carrier.call()

        told = [asked.get("StirVerstat") for path in ("/start", "/next") for asked in server.asked(path)]
    assert told == ["TN-Validation-Passed-B", None] * 2


async def test_what_does_not_hold_is_marked_and_goes_on(carrier: Carrier) -> None:
    """STIR-3, STIR-4, STIR-6: the default is to continue, whatever is wrong, and to say so in the answers."""
    await carrier.node.number(NUMBER, HANGUP)
    stranger = authority("somebody else").certify()
    elsewhere = carrier.server.serve(stranger, "/stranger.pem")
    now = int(utc_now().timestamp())
    good = carrier.identity(origin_id="once")
    wrong = {
        carrier.identity(issued_at=now - 300): "TN-Validation-Failed-A",
        carrier.identity(caller="12125550199"): "TN-Validation-Failed-A",
        carrier.identity(called=("12125550199",)): "TN-Validation-Failed-A",
        carrier.identity(signer=stranger): "TN-Validation-Failed-A",
        carrier.identity(signer=stranger, x5u=elsewhere, attestation=Attestation.GATEWAY): "TN-Validation-Failed-C",
        carrier.identity(x5u=carrier.server.url("/gone")): "TN-Validation-Failed-A",
        "nonsense": "TN-Validation-Failed",
        carrier.identity().partition(";")[0]: "TN-Validation-Failed",
        carrier.identity().replace("shaken", "div"): "TN-Validation-Failed",
    }
    for field, verstat in wrong.items():
        assert await carrier.verstat(field) == verstat, field

    assert await carrier.verstat(good) == "TN-Validation-Passed-A"
    assert await carrier.verstat(good) == "TN-Validation-Failed-A", "STIR-6: a replay"
    assert await carrier.verstat() == "", "nobody asked for one"
    assert await carrier.verstat("nonsense", carrier.identity()) == "TN-Validation-Passed-A", (
        "one that counts is enough"
    )
    assert await carrier.verstat(carrier.identity(signer=stranger)) == "TN-Validation-Failed-A"


async def test_token_that_counted_on_another_node_counts_no_more(carrier: Carrier) -> None:
    """STIR-6: an edge spreads calls; one that it hands on after a node gave it up is no replay."""
    await carrier.node.number(NUMBER, HANGUP)
    database, field, now = carrier.node.database, carrier.identity(origin_id="elsewhere"), utc_now()
    token = parse_identity(field).text

    assert not await came_with_another_call(database, token, "a call of voice-2", now)
    assert not await came_with_another_call(database, token, "a call of voice-2", now)
    assert await carrier.verstat(field) == "TN-Validation-Failed-A"

    assert not await came_with_another_call(database, "another token", "a call", now + timedelta(minutes=3))
    async with database.reading() as tx:
        assert await tx.connection.fetchval("select count(*) from seen_passports") == 1  # the old one is gone


async def test_certificate_file_is_fetched_once_and_from_nowhere_odd(carrier: Carrier) -> None:
    """STIR-5, CVE-10: https, no redirect, 10 KiB, kept by max-age; a call asks a dead server once, not each time."""
    await carrier.node.number(NUMBER, HANGUP)
    for _ in range(2):
        assert await carrier.verstat(carrier.identity(origin_id=str(_))) == "TN-Validation-Passed-A"
    assert carrier.server.asked == ["/shaken.pem"]

    for path in ("/moved", "/huge", "/gone"):
        for _ in range(2):
            assert await carrier.verstat(carrier.identity(x5u=carrier.server.url(path))) == "TN-Validation-Failed-A"
    assert carrier.server.asked == ["/shaken.pem", "/moved", "/huge", "/gone"]

    plain = carrier.server.url().replace("https", "http")
    assert await carrier.verstat(carrier.identity(x5u=plain)) == "TN-Validation-Failed"
    inside = carrier.identity(x5u="https://10.0.0.1/shaken.pem")
    assert await carrier.verstat(inside) == "TN-Validation-Failed-A"
    refused = (await carrier.last()).route or {}
    assert "not public" in refused["candidates"][-1]["reason"]  # type: ignore[index]  # JSON


async def test_policy_of_the_trunk_refuses_what_does_not_hold(carrier: Carrier) -> None:
    """STIR-3: 428, 403, 436, 437 and 438, each with its reason on record, and not charged (FRD-9)."""
    await carrier.node.number(NUMBER, HANGUP)
    await carrier.trust(TrunkTrust(checking=Checking.REJECT, requires_identity=True))
    stranger = authority("somebody else").certify()
    elsewhere = carrier.server.serve(stranger, "/stranger.pem")
    now = int(utc_now().timestamp())

    missing = await carrier.refusal(wanted=428)
    stale = await carrier.call(carrier.identity(issued_at=now - 300))
    gone = await carrier.call(carrier.identity(x5u=carrier.server.url("/gone")))
    untrusted = await carrier.call(carrier.identity(signer=stranger, x5u=elsewhere))
    forged = await carrier.call(carrier.identity(signer=stranger))
    good = await carrier.call(carrier.identity())

    ends = [(call.end.status, call.end.text) for call in (missing, stale, gone, untrusted, forged) if call.end]
    assert ends == [
        (428, "Use Identity Header"),
        (403, "Stale Date"),
        (436, "Bad Identity Info"),
        (437, "Unsupported Credential"),
        (438, "Invalid Identity Header"),
    ]
    assert good.answered.is_set() or (good.end is not None and good.end.status == 480)
    refused = [call for call in await carrier.node.calls() if call.sip_code in (436, 437, 438)]
    assert [call.metadata["refusal"]["reason"] for call in refused] == [  # type: ignore[index]  # JSON
        "IDENTITY_UNREACHABLE",
        "CERTIFICATE_NOT_TRUSTED",
        "IDENTITY_INVALID",
    ]
    assert [call.details.verstat for call in refused] == ["TN-Validation-Failed-A"] * 3

    await carrier.trust(TrunkTrust(checking=Checking.OFF))
    async with asyncio.timeout(PATIENCE_S):
        while await carrier.verstat("nonsense") != "":
            pass


@pytest.mark.parametrize(("is_own", "attest"), [(True, "A"), (False, "B")])
async def test_call_to_a_trunk_that_asks_is_signed(
    dsn: str, database: PostgresDatabase, media_process: MediaProcess, tmp_path: Path, is_own: bool, attest: str
) -> None:
    """STIR-1, STIR-2: A for the account's own number, B for a number that the customer has elsewhere."""
    ours = authority().certify()
    signing = SigningDraft(X5U, ours.pem, ours.key_pem)
    await change_trust(database, TrustChange(signing=signing), utc_now())
    async with voice_node(dsn, database, media_process, tmp_path) as node:
        await node.bare_number(NUMBER)
        source = NUMBER if is_own else CALLER
        if not is_own:
            async with database.transaction() as tx:
                await tx.connection.execute(
                    "insert into outgoing_caller_ids (id, account_id, number, name, code, run_id, verified_at,"
                    " created_at) values (gen_random_uuid(), $1, $2, '', '', gen_random_uuid(), now(), now())",
                    node.account_id,
                    source,
                )
        (trunk,) = await list_trunks(database)
        invites: asyncio.Queue[Request] = asyncio.Queue()
        async with node.phone(_taking(invites)) as carrier:
            async with database.transaction() as tx:
                await tx.trunks.update(replace(trunk, port=carrier.agent.port))
            await set_trunk_trust(database, trunk.id, TrunkTrust(signs=True), utc_now())
            async with asyncio.timeout(PATIENCE_S):
                while True:  # the node hears of it within a second
                    request = CallRequest(tel(source), (tel("+12025550100"),), actions=[])
                    await create_calls(database, node.account_id, request, utc_now())
                    field = (await invites.get()).headers.get("Identity")
                    if field is not None:
                        break

    token, _, parameters = field.partition(";")
    options: Any = {"verify_iat": False}
    claims = jwt.decode(token, ours.key.public_key(), algorithms=["ES256"], options=options)
    assert parameters == f"info=<{X5U}>;alg=ES256;ppt=shaken"
    assert (claims["attest"], claims["orig"], claims["dest"]) == (attest, {"tn": source[1:]}, {"tn": ["12025550100"]})
    assert str(node.account_id) not in claims["origid"]


def _taking(invites: "asyncio.Queue[Request]") -> Manners:
    async def take(call: PhoneCall) -> None:
        assert call.sip is not None
        invites.put_nowait(call.sip.request)
        call.reject(486)

    return take
