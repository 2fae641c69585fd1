"""The official Twilio library makes, records, changes, lists and ends real calls; bots hang up as Pipecat does."""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import aiohttp
import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client as TwilioClient
from twilio.rest.api.v2010.account.call import CallInstance

from dialplane.adapters.objects.sounds import RecordedSounds
from dialplane.audio.wav import HEADER_OCTETS
from dialplane.domain.ids import to_sid, utc_now
from dialplane.phone.softphone import PhoneCall
from dialplane.services.calling.trunks import TrunkDraft, create_trunk
from dialplane.services.recording.recordings import Sounds
from dialplane.services.tenancy.accounts import get_account
from tests.effort import PATIENCE_S
from tests.faces.conftest import application, dependencies, serving
from tests.voice.platform import VoiceNode

OWN = "+12025550143"
STAYS, BUSY = "+12025550100", "+12025550101"
WAITS = "<Response><Say>Hello</Say><Pause length='30'/></Response>"
HANGS_UP = "<Response><Hangup/></Response>"
T = TypeVar("T")


@dataclass(frozen=True)
class Api:
    """The HTTP server beside the node, and the library that asks it."""

    base: str
    client: TwilioClient
    account_sid: str
    token: str

    async def ask(self, work: Callable[[TwilioClient], T]) -> T:
        """The library blocks; server and node are on this loop."""
        return await asyncio.to_thread(work, self.client)

    async def once(self, sid: str | None, *statuses: str) -> CallInstance:
        """The call, when it stands so."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                call = await self.ask(lambda client: client.calls(str(sid)).fetch())
                if call.status in statuses:
                    return call
                await asyncio.sleep(0.05)


@pytest.fixture
async def api(node: VoiceNode, tmp_path: Path) -> AsyncIterator[Api]:
    ports = dependencies(node.database, tmp_path)
    sounds: Sounds = RecordedSounds(node.recordings)
    object.__setattr__(ports, "sounds", sounds)
    account = await get_account(node.database, node.account_id)
    await node.bare_number(OWN)
    async with serving(ports, application(ports)) as base:
        sid = to_sid("AC", account.id)
        client = TwilioClient(sid, account.auth_token)
        client.api.base_url = base
        yield Api(base, client, sid, account.auth_token)


async def test_call_is_made_recorded_and_ended(api: Api, node: VoiceNode) -> None:
    made = await api.ask(lambda client: client.calls.create(to=STAYS, from_=OWN, twiml=WAITS, timeout=20))
    talking = await api.once(made.sid, "in-progress")
    recording = await api.ask(lambda client: client.calls(str(made.sid)).recordings.create(recording_channels="dual"))

    def change() -> list[str | None]:
        of_call = api.client.calls(str(made.sid)).recordings(str(recording.sid))
        return [str(of_call.update(status=status).status) for status in ("paused", "in-progress")]

    changed = await asyncio.to_thread(change)
    await something_recorded(node)
    stopped = await api.ask(lambda client: client.calls(str(made.sid)).recordings("Twilio.CURRENT").update("stopped"))
    ended = await api.ask(lambda client: client.calls(str(made.sid)).update(status="completed"))
    over = await api.once(made.sid, "completed")
    kept = await api.ask(lambda client: client.recordings.list(call_sid=made.sid))

    assert (made.status, made.direction, made.to, made.start_time) == ("queued", "outbound-api", STAYS, None)
    assert (talking.status, talking.duration, talking.price) == ("in-progress", None, None)
    assert (recording.status, recording.channels, recording.source) == ("in-progress", 2, "StartCallRecordingAPI")
    assert (changed, stopped.status) == (["paused", "in-progress"], "stopped")
    assert ended.sid == over.sid
    assert over.start_time is not None
    assert (str(over.duration).isdigit(), over.price, over.price_unit) == (True, "-0.01000", "USD")
    assert [each.sid for each in kept] == [recording.sid]
    assert (kept[0].status, kept[0].price) == ("completed", "-0.03000")
    async with aiohttp.ClientSession() as session, session.get(str(kept[0].media_url)) as answer:
        assert (await answer.read())[:4] == b"RIFF"
    assert await api.ask(lambda client: client.recordings(str(recording.sid)).delete())
    assert not list(node.recordings.rglob("*.wav"))


async def something_recorded(node: VoiceNode) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not any(path.stat().st_size > HEADER_OCTETS for path in node.recordings.rglob("*.wav")):
            await asyncio.sleep(0.02)


async def test_calls_are_listed_streamed_and_deleted(api: Api) -> None:
    first = await api.ask(lambda client: client.calls.create(to=BUSY, from_=OWN, twiml=WAITS))
    busy = await api.once(first.sid, "busy")
    second = await api.ask(
        lambda client: client.calls.create(to=STAYS, from_=OWN, twiml="<Response><Hangup/></Response>")
    )
    await api.once(second.sid, "completed")

    def listed(client: TwilioClient) -> list[list[str | None]]:
        calls = client.calls
        day = busy.date_created
        assert day is not None
        return [
            [each.sid for each in calls.list()],
            [each.sid for each in calls.list(status="busy")],
            [each.sid for each in calls.list(to=STAYS, from_=OWN)],
            [each.sid for each in calls.list(start_time_after=day, page_size=1)],
            [each.sid for each in calls.list(start_time_before=day.replace(year=2020))],
            [each.sid for each in calls.stream(page_size=1)],
        ]

    both: list[str | None] = [second.sid, first.sid]
    assert await api.ask(listed) == [both, [first.sid], [second.sid], both, [], both]
    assert await api.ask(lambda client: client.calls(str(first.sid)).delete())
    assert [each.sid for each in await api.ask(lambda client: client.calls.list())] == [second.sid]


async def test_live_call_runs_another_document_and_is_told_of_there(api: Api, node: VoiceNode) -> None:
    made = await api.ask(lambda client: client.calls.create(to=STAYS, from_=OWN, twiml=WAITS))
    await api.once(made.sid, "in-progress")

    told = "http://127.0.0.1:1024/told"
    await api.ask(lambda client: client.calls(str(made.sid)).update(twiml=HANGS_UP, status_callback=told))

    over = await api.once(made.sid, "completed")
    with pytest.raises(TwilioRestException) as refused:
        await api.ask(lambda client: client.calls(str(made.sid)).update(twiml=WAITS))
    async with node.database.transaction() as tx:
        forms = await tx.connection.fetch("select data -> 'form' as form from events where type = 'status_callback'")
    assert over.end_time is not None
    assert [dict(each["form"])["CallStatus"] for each in forms] == ["completed"]
    assert (refused.value.status, refused.value.code) == (400, 21220)


async def test_bot_hangs_up_as_pipecat_does(api: Api) -> None:
    """`POST Calls/{sid}.json` with `Status=completed`: 200, and 400 with code 21220 where the call is over."""
    made = await api.ask(lambda client: client.calls.create(to=STAYS, from_=OWN, twiml=WAITS))
    await api.once(made.sid, "in-progress")
    secret = base64.b64encode(f"{api.account_sid}:{api.token}".encode()).decode()
    url = f"{api.base}/2010-04-01/Accounts/{api.account_sid}/Calls/{made.sid}.json"

    answers = []
    async with aiohttp.ClientSession(headers={"Authorization": f"Basic {secret}"}) as session:
        for _ in range(2):
            async with session.post(url, data={"Status": "completed"}) as answer:
                answers.append((answer.status, (await answer.json()).get("code")))
            await api.once(made.sid, "completed")

    assert answers == [(200, None), (400, 21220)]


async def test_number_of_another_carrier_is_shown_once_its_code_was_keyed(api: Api, node: VoiceNode) -> None:
    """FRD-8: the account proves by a call that it can be reached at the number."""
    foreign = "+14155550177"
    code: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def keys_the_code(call: PhoneCall) -> None:
        call.ring()
        call.answer()
        await call.send_digits(await code)

    with pytest.raises(TwilioRestException) as refused:
        await api.ask(lambda client: client.calls.create(to=STAYS, from_=foreign, twiml=WAITS))
    async with node.phone(keys_the_code) as phone:
        draft = TrunkDraft("first", host="127.0.0.1", port=phone.agent.port, priority=-1)
        trunk = await create_trunk(node.database, draft, now=utc_now())
        asked = await api.ask(lambda client: client.validation_requests.create(foreign, friendly_name="Desk"))
        assert await api.ask(lambda client: client.outgoing_caller_ids.list()) == []
        await api.once(asked.call_sid, "in-progress")
        code.set_result(str(asked.validation_code))
        await api.once(asked.call_sid, "completed")
        async with node.database.transaction() as tx:
            await tx.connection.execute("update trunks set deleted_at = now() where id = $1", trunk.id)

    (kept,) = await api.ask(lambda client: client.outgoing_caller_ids.list(phone_number=foreign))
    made = await api.ask(lambda client: client.calls.create(to=STAYS, from_=foreign, twiml=HANGS_UP))
    renamed = await api.ask(lambda client: client.outgoing_caller_ids(str(kept.sid)).update(friendly_name="Home"))
    gone = await api.ask(lambda client: client.outgoing_caller_ids(str(kept.sid)).delete())

    assert (refused.value.status, refused.value.code) == (400, 21212)
    assert (kept.phone_number, kept.friendly_name, renamed.friendly_name, gone) == (foreign, "Desk", "Home", True)
    assert made.from_formatted == "(415) 555-0177"
    with pytest.raises(TwilioRestException):
        await api.ask(lambda client: client.calls.create(to=STAYS, from_=foreign, twiml=HANGS_UP))
