"""baresip, a softphone that we did not write, as the tests of this folder use it."""

import asyncio
import contextlib
import json
import wave
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np

from dialplane.voice.useragent.agent import Source
from tests.effort import PATIENCE_S
from tests.ports import free_port, free_range
from tests.users.acting import until

CONFIG = """
sip_listen {host}:{sip_port}
net_interface {host}
module_path {modules}
module g711.so
module g722.so
module srtp.so
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

    async def register(self, server: Source, name: str, password: str, *, more: str = "") -> None:
        """Be the extension `name`; `more` are parameters of the account, such as `;mediaenc=srtp`."""
        address = f"sip:{name}@{server.host}:{server.port};transport={server.transport}"
        self.order("uanew", f'<{address}>;auth_user={name};auth_pass="{password}";regint=600{more}')
        await self.wait_for("REGISTER_OK")

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
async def baresip(folder: Path, *, rate_hz: int = 8_000) -> AsyncIterator[Baresip]:
    """The program with a configuration of its own, ended by its process id; what it says has the codec's rate."""
    first_rtp, last_rtp = free_range(8)
    ports = {"sip_port": free_port(), "control_port": free_port(), "first_rtp": first_rtp, "last_rtp": last_rtp}
    folder.mkdir()
    settings = CONFIG.format(host="127.0.0.1", modules=MODULES, heard=folder, **ports)
    (folder / "config").write_text(settings)
    for name in ("accounts", "contacts"):
        (folder / name).write_text("")
    write_tone(folder / "said.wav", rate_hz)
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


def write_tone(path: Path, rate_hz: int) -> None:
    """Ten seconds of 400 Hz, which the party says."""
    tone = 8000 * np.sin(np.arange(10 * rate_hz) * 2 * np.pi * 400 / rate_hz)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate_hz, 0, "NONE", ""))
        file.writeframes(tone.astype(np.int16).tobytes())


def loudest(path: Path) -> int:
    """The greatest sample of a 16 bit recording."""
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    return int(np.abs(samples.astype(int)).max())
