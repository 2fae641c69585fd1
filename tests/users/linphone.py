"""linphone, a softphone that we did not write: its console, driven as a person types."""

import asyncio
import contextlib
import os
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator
from pathlib import Path

from dialplane.voice.useragent.agent import Source
from tests.effort import PATIENCE_S
from tests.ports import free_port, free_range
from tests.users.softphones import write_tone

CONFIG = """
[sip]
sip_port={sip_port}
sip_tcp_port=0
sip_tls_port=0
guess_hostname=0
contact=sip:phone@127.0.0.1
register_only_when_network_is_up=0
use_ipv6=0
use_rfc2833=1
[rtp]
audio_rtp_port={rtp_port}
"""


class Linphone:
    def __init__(self, process: Process, folder: Path) -> None:
        self._process = process
        self.heard = folder / "heard.wav"
        self._said = folder / "said.wav"
        self.lines = ""
        """What it printed and nobody has waited for yet."""

    def order(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())

    async def wait_for(self, words: str) -> str:
        """Until it has printed them; gives everything before."""
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(PATIENCE_S):
                while words not in self.lines:
                    more = await self._process.stdout.read(4096)
                    assert more, "it has ended"
                    self.lines += more.decode(errors="replace")
        except (TimeoutError, AssertionError) as fault:
            raise AssertionError(f"never said {words!r}: {self.lines[-2000:]}") from fault
        before, _, self.lines = self.lines.partition(words)
        return before

    async def register(self, server: Source, name: str, password: str) -> None:
        self.order(f"register sip:{name}@{server.host} sip:{server.host}:{server.port} {password}")
        while "registered, identity=" not in await self._ask("status register"):
            await asyncio.sleep(0.05)

    async def _ask(self, line: str) -> str:
        self.order(line)
        await self.wait_for(line)
        return await self.wait_for("linphonec> ")

    def speak_and_record(self) -> None:
        """From now on in the call: the tone is said, and what is heard is kept."""
        self.order(f"play {self._said}")
        self.order(f"record {self.heard}")


@contextlib.asynccontextmanager
async def linphone(folder: Path) -> AsyncIterator[Linphone]:
    """The program with a home of its own, and files instead of a sound card."""
    folder.mkdir()
    (folder / "rc").write_text(CONFIG.format(sip_port=free_port(), rtp_port=free_range(2)[0]))
    (folder / ".local" / "share" / "linphone").mkdir(parents=True)
    write_tone(folder / "said.wav", 8_000)
    process = await asyncio.create_subprocess_exec(
        "linphonec", "-c", str(folder / "rc"), stdin=PIPE, stdout=PIPE, stderr=STDOUT,
        env={**os.environ, "HOME": str(folder)},
    )  # fmt: skip
    phone = Linphone(process, folder)
    try:
        await phone.wait_for("linphonec> ")
        phone.order("soundcard use files")
        yield phone
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
