"""Documents that a scanner has looked at before they are kept (WEB-9).

The scanner is a program of the operator's, such as ClamAV's `clamdscan --no-summary -`. The file is its standard input,
and its exit status says what it is: 0 harmless, 1 harmful, anything else that it could not tell.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import structlog

from dialplane.domain.errors import Invalid, Unavailable
from dialplane.services.objects import ObjectStore

TIMEOUT_S = 30.0
HARMLESS, HARMFUL = 0, 1

log = structlog.get_logger()


class ScannedObjects:
    """Fulfils `services.objects.ObjectStore` in front of another one."""

    def __init__(self, objects: ObjectStore, command: Sequence[str]) -> None:
        self._objects = objects
        self._command = command

    async def put(self, key: str, content: bytes) -> None:
        """Raises Invalid where the scanner finds harm, Unavailable where it cannot tell; nothing is kept then."""
        status = await self._scan(content)
        if status == HARMFUL:
            log.warning("document_is_harmful", key=key)
            raise Invalid("content was refused by the scanner for viruses", reason="INVALID_ARGUMENT", field="content")
        if status != HARMLESS:
            raise Unavailable("the scanner for viruses does not answer")
        await self._objects.put(key, content)

    async def get(self, key: str) -> bytes | None:
        return await self._objects.get(key)

    async def delete(self, key: str) -> None:
        await self._objects.delete(key)

    async def _scan(self, content: bytes) -> int:
        """The scanner's exit status; -1 where there is none in time."""
        try:
            scanner = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
        except OSError as fault:
            log.warning("scanner_not_started", command=self._command[0], fault=str(fault))
            return -1
        try:
            async with asyncio.timeout(TIMEOUT_S):
                with suppress(ConnectionError):  # it may have seen enough before it has read all
                    await scanner.communicate(content)
                return await scanner.wait()
        except TimeoutError:
            log.warning("scanner_too_slow", command=self._command[0])
            return -1
        finally:
            if scanner.returncode is None:
                scanner.kill()
                await scanner.wait()
