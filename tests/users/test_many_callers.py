"""A thousand callers of sipp in one menu at the same time, and some more who press keys and hear what they should.

A thousand in `make soak`, fewer in every run. They come slowly and stay until the last one is there, so that the speed
of the machine decides nothing but how long it takes.
"""

import asyncio
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

import pytest

from dialplane.adapters.postgres.embedded import EmbeddedPostgres
from dialplane.audio.listening import judge
from dialplane.media.client import MediaClient
from dialplane.media.protocol import Stats
from dialplane.phone.softphone import Softphone
from dialplane.supervisor.database import DATABASE
from tests.effort import full
from tests.media.sounds import read_wav
from tests.platform.running import running
from tests.users.acting import Place, call_answered, phone, place, settled, until
from tests.users.test_sipp_load import rows

CALLERS = full(150, 1_000)
A_SECOND = 40
PRESSING = 5
SCENARIO = Path(__file__).parent / "scenarios/listener.xml"
AT_ONCE = 20
PATIENCE_S = 300
MENU: list[dict[str, object]] = [
    {"type": "answer"},
    {"type": "talk", "option": {"text": "Press a key.", "language": "en-US"}},
    {"type": "digits_receive", "option": {"duration": 600_000, "length": 1}},
    {"type": "digits_send", "option": {"digits": "42"}},
    {"type": "sleep", "option": {"duration": 600_000}},
]

pytestmark = [pytest.mark.peer("sipp"), pytest.mark.timeout(3 * PATIENCE_S)]


async def test_everybody_in_a_menu_at_once_is_served_recorded_and_charged_and_nothing_is_left(tmp_path: Path) -> None:
    """None fails; keys and audio work for whoever tries; legs, ports and holds are all given back (RTP-3, LED-5)."""
    data = tmp_path / "data"
    async with running(data) as platform, place(platform) as at, phone() as softphone:
        dsn = EmbeddedPostgres(data / "pg").dsn(DATABASE)
        before = await media_stats(data)
        number = await at.buy_with_flow(MENU)
        credit = (await at.customer.get("/billing_account"))["balance_credit"]
        sipp = await ring(platform.ready["sip"].removeprefix("sip:"), number)
        try:
            await until(lambda: are_talking(dsn, CALLERS), timeout_s=PATIENCE_S, pause_s=0.5)
            heard = [await press_a_key(softphone, at, number, tmp_path / f"{each}.wav") for each in range(PRESSING)]
            at_the_most = await media_stats(data)
            await hang_up_all(at, dsn)
            output, _ = await asyncio.wait_for(sipp.communicate(), PATIENCE_S)
        finally:
            if sipp.returncode is None:
                sipp.kill()
                await sipp.wait()

        check = await until(lambda: settled(at))
        ends = await rows(dsn, "select status, hangup_reason, count(*) from calls group by 1, 2")
        charges = await rows(
            dsn,
            "select count(*), count(distinct reference_id), bool_and(calls.id is not null), sum(amount_micros)"
            " from ledger_entries left join calls on calls.id = reference_id where reference_type = 'call'",
        )
        runs = await rows(dsn, "select status, count(*) from runs group by 1")
        account = await at.customer.get("/billing_account")
        after = await until(lambda: no_legs(data))

    everybody = CALLERS + PRESSING
    assert sipp.returncode == 0, output.decode(errors="replace")[-3_000:]
    assert at_the_most.legs >= CALLERS
    assert min(heard) > 300
    assert ends == [("hangup", "normal", everybody)]
    ((entries, calls, all_known, paid),) = charges
    assert (entries, calls, all_known) == (everybody, everybody, True)
    assert account["balance_credit"] == credit + int(paid)
    assert account["held_credit"] == 0
    assert runs == [("ended", everybody)]
    assert check["balanced"] is True
    assert (after.legs, after.ports_free, after.failures) == (0, before.ports_free, 0)


async def ring(server: str, number: str) -> asyncio.subprocess.Process:
    """The callers, one after the other; exit status 0 when every call went as it should."""
    arguments = [
        "-sf",
        str(SCENARIO),
        server,
        "-s",
        number,
        "-r",
        str(A_SECOND),
        "-m",
        str(CALLERS),
        "-l",
        str(CALLERS),
    ]
    return await asyncio.create_subprocess_exec(
        "sipp", *arguments, "-i", "127.0.0.1", "-nostdin", stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL
    )


async def are_talking(dsn: str, count: int) -> bool:
    return await rows(dsn, "select count(*) from calls where status = 'progressing'") == [(count,)]


async def press_a_key(softphone: Softphone, at: Place, number: str, path: Path) -> int:
    """Call, listen, press, wait for the answer: how many milliseconds of speech were heard."""
    call = await call_answered(softphone, at, number)
    await call.record(path)
    async with asyncio.timeout(60):
        await call.send_digits("1")
        assert await call.wait_digits(2) == "42"
    end = await call.stop_recording()
    return judge(read_wav(end.path)).sounding_ms


async def hang_up_all(at: Place, dsn: str) -> None:
    """As an operator clears the line."""
    room = asyncio.Semaphore(AT_ONCE)

    async def hang_up(call_id: object) -> None:
        async with room:
            answer = await at.customer.ask("POST", f"/calls/{call_id}/hangup", {})
            assert answer.status == 200, answer

    live = await rows(dsn, "select id from calls where status = 'progressing'")
    await asyncio.gather(*(hang_up(call_id) for (call_id,) in live))


async def media_stats(data: Path) -> Stats:
    client = MediaClient(data / "run/media.sock")
    await client.start()
    try:
        return await client.stats()
    finally:
        await client.stop()


async def no_legs(data: Path) -> Stats | None:
    stats = await media_stats(data)
    return stats if stats.legs == 0 else None
