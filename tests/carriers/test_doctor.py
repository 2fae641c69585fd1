"""The number doctor: each thing that keeps calls and messages out is found and named, with what to do."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
import pytest

from dialplane.adapters.http.guarded import GuardedClient
from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.ids import AccountId, FlowId, new_id
from dialplane.domain.messaging.consent import ConsentSettings
from dialplane.domain.numbering.diagnosis import Finding, Verdict
from dialplane.domain.numbering.numbers import Number
from dialplane.domain.numbering.targets import DocumentTarget, FlowTarget, Targets
from dialplane.domain.supply.carrier_accounts import CarrierKind
from dialplane.fakes.misbehaviour import How
from dialplane.services.calling.trunks import TrunkDraft, create_trunk
from dialplane.services.messaging.consent import save_consent_settings
from dialplane.services.numbering.doctor.examination import Diagnosis, examine
from dialplane.services.numbering.number_life import suspend_number
from dialplane.services.numbering.numbers import list_numbers
from dialplane.services.supply.carrier_accounts import AccountChange, change_account
from tests.faces.conftest import Client, application, dependencies, make_tenant, serving
from tests.fakes.carriers import LOOPBACK, Wired, wired
from tests.fakes.numbers import add_flow
from tests.fakes.receiver import Receiver
from tests.services.buying import NOW, buy, buyer

ALL = {
    "number",
    "carrier",
    "carrier_voice",
    "carrier_messaging",
    "signature",
    "emergency",
    "trunk",
    "last_call",
    "last_message",
    "voice_target",
    "message_target",
    "document",
    "consent",
    "plan",
    "balance",
    "renewal",
}


@dataclass
class Practice:
    """A number of the carrier's, and a doctor."""

    database: PostgresDatabase
    wire: Wired
    account_id: AccountId
    client: GuardedClient

    async def number(self) -> Number:
        (found,) = await list_numbers(self.database, self.account_id)
        return found

    async def run(self, voice: FlowTarget | DocumentTarget | None) -> None:
        number = await self.number()
        async with self.database.transaction() as tx:
            await tx.numbers.save(replace(number, targets=Targets(voice=voice)))

    async def examine(self) -> Diagnosis:
        number = await self.number()
        return await examine(
            self.database, self.wire.carriers, self.client, self.account_id, number.id, NOW, billing_now=NOW
        )

    async def find(self, check: str) -> Finding:
        (found,) = [finding for finding in (await self.examine()).findings if finding.check == check]
        return found


@pytest.fixture
async def practice(database: PostgresDatabase) -> AsyncIterator[Practice]:
    async with wired(database, CarrierKind.TELNYX) as wire, GuardedClient(allow=LOOPBACK) as client:
        account_id = await buyer(database)
        await buy(database, account_id, wire.number, at=wire.carriers)
        yield Practice(database, wire, account_id, client)


async def test_everything_is_looked_at_once(practice: Practice) -> None:
    found = await practice.examine()

    assert sorted(finding.check for finding in found.findings) == sorted(ALL)
    assert found.verdict is Verdict.PROBLEM  # nothing is attached, and no trunk brings calls
    for finding in found.findings:
        assert finding.says
        assert finding.advice or finding.verdict not in (Verdict.PROBLEM, Verdict.WARNING), finding


async def test_sound_number_has_no_problem(practice: Practice) -> None:
    flow = await add_flow(practice.database, practice.account_id, [{"type": "answer"}], NOW)
    await practice.run(FlowTarget(flow.id))
    await create_trunk(practice.database, TrunkDraft("telnyx", networks=["192.0.2.0/24"]), now=NOW)

    found = await practice.examine()

    assert [finding for finding in found.findings if finding.verdict is Verdict.PROBLEM] == []


async def test_trunk_of_callers_on_this_machine_brings_no_calls_of_a_carrier(practice: Practice) -> None:
    await create_trunk(practice.database, TrunkDraft("sandbox", networks=["127.0.0.0/8"]), now=NOW)

    found = await practice.find("trunk")

    assert (found.verdict, "providers/setup" in found.advice) == (Verdict.WARNING, True)


async def test_number_that_heeds_no_consent_is_warned_of(practice: Practice) -> None:
    assert (await practice.find("consent")).verdict is Verdict.OK

    await save_consent_settings(practice.database, practice.account_id, ConsentSettings(is_on=False), NOW)

    found = await practice.find("consent")
    assert (found.verdict, "STOP" in found.says) == (Verdict.WARNING, True)


async def test_drift_at_the_carrier_names_the_setting_and_the_repair(practice: Practice) -> None:
    practice.wire.settings["connection_id"] = "somebody-elses"

    voice, messaging = await practice.find("carrier_voice"), await practice.find("carrier_messaging")

    assert voice.verdict is Verdict.PROBLEM
    assert voice.says == "connection_id is somebody-elses and should be connection-1"
    assert "repair" in voice.advice
    assert messaging.verdict is Verdict.OK


async def test_number_that_the_carrier_does_not_have_is_a_problem(practice: Practice) -> None:
    practice.wire.fake.numbers.clear()

    assert (await practice.find("carrier")).verdict is Verdict.PROBLEM


async def test_carrier_that_fails_leaves_the_rest_told(practice: Practice) -> None:
    practice.wire.goes_wrong(How.ERROR, "GET", times=5)

    found = {finding.check: finding for finding in (await practice.examine()).findings}

    assert set(found) == ALL
    assert found["carrier"].says == "the carrier answered 500"
    assert found["carrier_voice"].verdict is Verdict.UNKNOWN


async def test_account_without_signing_key_is_a_problem(practice: Practice) -> None:
    await change_account(practice.database, practice.wire.account.id, AccountChange(signing_key=""), NOW)

    found = await practice.find("signature")

    assert (found.verdict, found.advice) == (Verdict.PROBLEM, "set signing_key of the carrier account")


async def test_flow_that_is_gone_is_a_problem(practice: Practice) -> None:
    await practice.run(FlowTarget(FlowId(new_id(NOW))))

    found = await practice.find("voice_target")

    assert found.verdict is Verdict.PROBLEM
    assert "is gone" in found.says


@pytest.mark.parametrize(
    ("status", "body", "verdict", "says"),
    [
        (200, b"<Response><Say>Hi</Say></Response>", Verdict.OK, "answers a document"),
        (200, b"<Response><Say>Hi", Verdict.PROBLEM, "what is no document"),
        (500, b"", Verdict.PROBLEM, "answers 500"),
    ],
)
async def test_document_is_fetched_as_for_a_call(
    practice: Practice, status: int, body: bytes, verdict: Verdict, says: str
) -> None:
    async with Receiver.listening() as server:
        server.status, server.body, server.headers = status, body, {"Content-Type": "text/xml"}
        await practice.run(DocumentTarget(server.url("/voice")))

        found = await practice.find("document")

    assert found.verdict is verdict
    assert says in found.says
    (request,) = server.requests
    assert b"DialplaneDoctor=true" in request.body
    assert "X-Twilio-Signature" in request.headers


async def test_document_whose_server_is_down_is_a_problem(practice: Practice) -> None:
    async with Receiver.listening() as server:
        url = server.url("/voice")
    await practice.run(DocumentTarget(url))

    found = await practice.find("document")

    assert found.verdict is Verdict.PROBLEM
    assert "gives no answer" in found.says


async def test_suspended_number_and_empty_purse_are_problems(database: PostgresDatabase) -> None:
    async with wired(database, CarrierKind.TELNYX) as wire, GuardedClient(allow=LOOPBACK) as client:
        account_id = await buyer(database, 2_500_000)
        await buy(database, account_id, wire.number, at=wire.carriers)
        practice = Practice(database, wire, account_id, client)
        await suspend_number(database, (await practice.number()).id, NOW)

        number, balance = await practice.find("number"), await practice.find("balance")

    assert (number.verdict, number.advice) == (Verdict.PROBLEM, "ask the operator why")
    assert (balance.verdict, balance.advice) == (Verdict.PROBLEM, "add credit")


async def test_owner_asks_by_the_native_api_and_others_are_not_told(
    practice: Practice, database: PostgresDatabase, tmp_path: Path
) -> None:
    tenant, other = await make_tenant(database), await make_tenant(database, name="other")
    await buy(database, tenant.id, practice.wire.number[:-1] + "1", at=practice.wire.carriers)
    (number,) = await list_numbers(database, tenant.id)
    wiring = {"carriers": practice.wire.carriers, "inboxes": practice.wire.carriers, "web": practice.client}
    ports = replace(dependencies(database, tmp_path), **wiring)  # type: ignore[arg-type]  # the fields are its own
    path = f"/v1.0/numbers/{number.id}"
    async with serving(ports, application(ports)) as base, aiohttp.ClientSession() as session:
        mine, theirs = Client(base, session, tenant.key), Client(base, session, other.key)

        found = await mine.ask("GET", f"{path}/doctor")
        foreign = await theirs.ask("GET", f"{path}/doctor")
        drifted = next(each for each in practice.wire.fake.numbers.values() if each["phone_number"] == number.number)
        drifted["messaging_profile_id"] = "gone"
        looked = await mine.ask("GET", f"{path}/carrier_settings")
        repaired = await mine.ask("POST", f"{path}/carrier_settings/repair")

    assert found.status == 200
    assert {finding["check"] for finding in found.json["findings"]} == ALL
    assert found.json["verdict"] == "problem"
    assert foreign.status == 404
    assert (looked.json["state"], looked.json["drift"]) == ("drifted", ["messaging_profile_id"])
    assert (repaired.json["state"], drifted["messaging_profile_id"]) == ("in_step", "profile-1")
