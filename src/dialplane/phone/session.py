"""A phone of one's own: with its media process and its speech, for the command line and the demo."""

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path

from dialplane.adapters.http.guarded import GuardedClient
from dialplane.adapters.speech.prompts import SpeechPrompts
from dialplane.media.client import MediaClient
from dialplane.phone.softphone import Manners, Softphone

FIRST_PORT = 31_000
LAST_PORT = 31_999
"""RTP ports of phones, away from the platform's; several phones share the range, each takes what is free."""
ANYWHERE = (ip_network("0.0.0.0/0"), ip_network("::/0"))
"""The person at the phone gives the addresses, so nothing is forbidden."""


@dataclass(frozen=True, slots=True)
class Kit:
    """A phone and the voice to speak with."""

    phone: Softphone
    prompts: SpeechPrompts


@asynccontextmanager
async def open_phone(
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    manners: Manners | None = None,
    rtp: tuple[int, int] = (FIRST_PORT, LAST_PORT),
) -> AsyncIterator[Kit]:
    """A phone that is ready; everything of it is gone when the block ends.

    Raises OSError where the address is taken, Unavailable where the media process does not start.
    """
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dialplane-phone-")))
        media = await stack.enter_async_context(_media(folder / "media.sock", host, rtp))
        web = await stack.enter_async_context(GuardedClient(allow=ANYWHERE))
        prompts = SpeechPrompts(folder / "prompts", web)
        stack.push_async_callback(prompts.close)
        phone = await stack.enter_async_context(Softphone(media, host=host, port=port, manners=manners))
        yield Kit(phone, prompts)


@asynccontextmanager
async def _media(socket_path: Path, host: str, rtp: Sequence[int]) -> AsyncIterator[MediaClient]:
    arguments = [str(socket_path), host, *map(str, rtp), str(os.getpid())]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "dialplane.phone.media_child", *arguments, stdout=asyncio.subprocess.DEVNULL
    )
    client = MediaClient(socket_path)
    try:
        await client.start()
        yield client
    finally:
        await client.stop()
        if process.returncode is None:
            process.terminate()
        await process.wait()
