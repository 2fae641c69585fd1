"""The ready voicemail, made of the template and as the example's document, left a message by a real phone."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl
from uuid import UUID

from dialplane.adapters.objects.sounds import RecordedSounds
from dialplane.domain.flows.templates import Voicemail
from dialplane.domain.ids import RecordingId, to_sid, utc_now
from dialplane.domain.numbering.targets import DocumentTarget, Targets
from dialplane.services.programs.flow_templates import create_voicemail
from dialplane.services.recording.recordings import find_sound, list_recordings
from tests.effort import PATIENCE_S
from tests.fakes.receiver import Receiver
from tests.voice.platform import VoiceNode

NUMBER = "+12025550143"
DOCUMENT = Path(__file__).parents[2] / "examples" / "voicemail" / "voicemail.xml"


async def test_message_is_recorded_and_told_to_the_webhook(node: VoiceNode) -> None:
    async with Receiver.listening() as server:
        wanted = Voicemail(greeting="Hi.", webhook=server.url(), longest_s=20)
        flow = await create_voicemail(node.database, node.account_id, "Voicemail", wanted, utc_now())
        await node.retarget(await node.bare_number(NUMBER), flow.id)
        async with node.phone() as phone, asyncio.timeout(PATIENCE_S):
            call = await node.ring(phone, NUMBER)
            assert await call.wait_answered()
            while not await list_recordings(node.database, node.account_id, before=None, limit=1):
                await asyncio.sleep(0.02)
            await call.play(await node.prompts.say("Call me back.", language="en-US", gender="", voice_id=""))
            await call.send_digits("#")
            await call.ended.wait()
            while not server.requests:
                await asyncio.sleep(0.02)

        told = json.loads(server.requests[0].body)
    sounds = RecordedSounds(node.recordings)
    path = await find_sound(node.database, sounds, RecordingId(UUID(told["recording_id"])))
    assert (told["event"], told["call_id"]) == ("voicemail", str((await node.ended_call()).id))
    assert node.listen(path).sounding_ms > 300


async def test_document_of_the_examples_records_the_same(node: VoiceNode) -> None:
    number = await node.bare_number(NUMBER)
    async with Receiver.listening() as server:
        server.body, server.headers = DOCUMENT.read_bytes(), {"Content-Type": "application/xml"}
        async with node.database.transaction() as tx:
            await tx.numbers.save(replace(number, targets=Targets(voice=DocumentTarget(server.url()))))
        async with node.phone() as phone, asyncio.timeout(PATIENCE_S):
            call = await node.ring(phone, NUMBER)
            assert await call.wait_answered()
            while not await list_recordings(node.database, node.account_id, before=None, limit=1):
                await asyncio.sleep(0.02)
            await call.play(await node.prompts.say("Call me back.", language="en-US", gender="", voice_id=""))
            await call.send_digits("#")
            while not (told := [each.body for each in server.requests if b"RecordingUrl" in each.body]):
                await asyncio.sleep(0.02)
            call.hang_up()
            await call.ended.wait()

    form = dict(parse_qsl(told[0].decode()))
    (recording,) = await list_recordings(node.database, node.account_id, before=None, limit=2)
    assert to_sid("RE", recording.id) in form["RecordingUrl"]
    assert form["Digits"] == "#"
    assert node.listen(node.recordings / recording.path).sounding_ms > 300
