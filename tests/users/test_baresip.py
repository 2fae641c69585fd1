"""A softphone that we did not write: baresip registers as an extension, calls a number, hears it and presses a key."""

import asyncio
import contextlib
import json
import wave
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.effort import PATIENCE_S
from tests.ports import free_port, free_range
from tests.users.acting import Place, until

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.peer("baresip")]

NUMBER = "+899100000001"
WAIT_S = 15
FLOW = [
    {"type": "answer"},
    {"type": "talk", "option": {"text": "Hello baresip.", "language": "en-US"}},
    {"type": "digits_send", "option": {"digits": "42", "duration": 200, "interval": 200}},
    {"type": "digits_receive", "option": {"duration": WAIT_S * 1000, "length": 1}},
    {"type": "hangup", "option": {"reason": "normal"}},
]
CONFIG = """
sip_listen {host}:{sip_port}
net_interface {host}
module_path {modules}
module g711.so
module aufile.so
module aubridge.so
module sndfile.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:{control_port}
audio_source aufile,{heard}/said.wav
audio_player aubridge,heard
audio_alert aubridge,alert
snd_path {heard}
audio_level no
rtp_ports {first_rtp}-{last_rtp}
"""
MODULES = Path("/usr/lib/baresip/modules")


class Baresip:
    """The program, through its control port: netstrings of JSON."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.told: list[dict[str, Any]] = []

    def order(self, command: str, parameters: str = "") -> None:
        body = json.dumps({"command": command, "params": parameters}).encode()
        self._writer.write(b"%d:%s," % (len(body), body))

    async def wait_for(self, event: str) -> dict[str, Any]:
        """The next event of this type; all that was told before it is kept."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                length = int((await self._reader.readuntil(b":"))[:-1])
                told: dict[str, Any] = json.loads((await self._reader.readexactly(length + 1))[:-1])
                self.told.append(told)
                if told.get("type") == event:
                    return told


@contextlib.asynccontextmanager
async def baresip(folder: Path) -> AsyncIterator[Baresip]:
    """The program with a configuration of its own, ended by its process id."""
    first_rtp, last_rtp = free_range(8)
    ports = {"sip_port": free_port(), "control_port": free_port(), "first_rtp": first_rtp, "last_rtp": last_rtp}
    folder.mkdir()
    settings = CONFIG.format(host="127.0.0.1", modules=MODULES, heard=folder, **ports)
    (folder / "config").write_text(settings)
    for name in ("accounts", "contacts"):
        (folder / name).write_text("")
    write_tone(folder / "said.wav")
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            "baresip", "-f", str(folder), stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
        )
    writer: asyncio.StreamWriter | None = None
    try:
        streams = await until(lambda: connected(ports["control_port"]))
        writer = streams[1]
        yield Baresip(*streams)
    finally:
        if writer is not None:
            writer.close()
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def connected(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
    try:
        return await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return None


async def test_baresip_registers_calls_a_virtual_number_hears_it_and_presses_a_key(at: Place, tmp_path: Path) -> None:
    """REG: digest; SIP and RTP with a stack that is not ours; digits in both directions by RFC 4733."""
    extension = await at.customer.make("/extensions", {"extension": "1001", "password": "correct horse"})
    flow = await at.customer.make("/flows", {"name": "for baresip", "actions": FLOW})
    await at.customer.make("/numbers", {"number": NUMBER, "call_flow_id": flow["id"]})
    address = f"sip:{extension['extension']}@{at.sip.host}:{at.sip.port}"
    account = f'<{address};transport=udp>;auth_user=1001;auth_pass="correct horse";regint=600'

    async with baresip(tmp_path / "baresip") as peer:
        peer.order("uanew", account)
        await peer.wait_for("REGISTER_OK")
        peer.order("dial", at.number_uri(NUMBER))
        await peer.wait_for("CALL_ESTABLISHED")
        (live,) = await until(lambda: calls_standing(at, "progressing"))
        digits = [(await peer.wait_for("CALL_DTMF_START"))["param"] for _ in range(2)]
        await asyncio.sleep(0.5)  # a person presses no key in the moment in which the prompt ends
        peer.order("sndcode", "7")
        await peer.wait_for("CALL_CLOSED")
        (over,) = await until(lambda: calls_standing(at, "hangup"))

    run = await at.customer.get(f"/activeflows/{over['activeflow_id']}")
    assert digits == ["4", "2"]
    assert live["id"] == over["id"]
    assert (live["source"]["type"], live["destination"]["target"]) == ("extension", NUMBER)
    assert (over["hangup_by"], over["hangup_reason"]) == ("local", "normal")
    talked = datetime.fromisoformat(over["tm_hangup"]) - datetime.fromisoformat(over["tm_progressing"])
    assert 1 < talked.total_seconds() < WAIT_S - 3  # the key ended the waiting
    assert run["status"] == "ended"
    assert loudest(next((tmp_path / "baresip").glob("*dec.wav"))) > 1000


def write_tone(path: Path) -> None:
    """Ten seconds of 400 Hz, which the party says."""
    tone = 8000 * np.sin(np.arange(80_000) * 2 * np.pi * 400 / 8000)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(tone.astype(np.int16).tobytes())


def loudest(path: Path) -> int:
    """The greatest sample of a 16 bit recording."""
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    return int(np.abs(samples.astype(int)).max())


async def calls_standing(at: Place, status: str) -> list[dict[str, Any]]:
    return [row for row in await at.customer.list("/calls") if row["status"] == status]
