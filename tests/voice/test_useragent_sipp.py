"""The user agent against sipp, which we did not write: both roles, with load."""

import asyncio
from asyncio.subprocess import DEVNULL, PIPE

import pytest

from dialplane.sip.transaction import Timers
from dialplane.voice.useragent.agent import EndKind, IncomingCall
from tests.effort import PATIENCE_S
from tests.voice.agents import SDP, Answering, Watcher, running

pytestmark = pytest.mark.peer("sipp")


async def _sipp(*arguments: str) -> tuple[int | None, str]:
    """Exit status (0: every call went as it should) and what it printed."""
    process = await asyncio.create_subprocess_exec(
        "sipp", *arguments, "-i", "127.0.0.1", "-nostdin", stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL
    )
    try:
        async with asyncio.timeout(PATIENCE_S):
            output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode, output.decode(errors="replace")


@pytest.mark.parametrize("transport", ["u1", "t1"])
async def test_sipp_rings_two_hundred_times_a_second_and_every_call_goes_well(transport: str) -> None:
    def answer(call: IncomingCall) -> None:
        call.provisional(180)
        call.answer(SDP)

    callee = Answering(answer)
    async with running(callee, timers=Timers()) as agent:
        status, output = await _sipp(
            "-sn", "uac", "-t", transport, "-r", "200", "-m", "300", "-d", "10", f"127.0.0.1:{agent.port}"
        )

        assert status == 0, output[-2000:]
        ends = [await watcher.wait_end() for watcher in callee.watchers]
        assert len(ends) == 300
        assert {end.kind for end in ends} == {EndKind.BYE}
        assert agent.live_calls == 0


async def test_calls_to_sipp_are_answered_and_hung_up() -> None:
    async with running(timers=Timers()) as agent, running() as spare:
        port = spare.port
        await spare.close()
        answering = asyncio.create_task(_sipp("-sn", "uas", "-p", str(port), "-m", "50"))
        watchers = [Watcher(on_answer=lambda call: call.hangup()) for _ in range(50)]
        for watcher in watchers:
            agent.call(target=f"sip:x@127.0.0.1:{port}", caller="sip:a@b.example", sdp=SDP, watcher=watcher)

        for watcher in watchers:
            await watcher.wait("answered")
            assert (await watcher.wait_end()).kind is EndKind.BYE
        status, output = await answering
        assert status == 0, output[-2000:]
