"""Files of certificates that callers' carriers name, fetched once and kept as long as their server says (STIR-5)."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from dialplane.domain.errors import Invalid, Unavailable
from dialplane.services.calling.certificates import FETCH_S, CertificateFiles
from dialplane.stir.errors import Fault, StirError

MAX_FILES = 512
MAX_AT_ONCE = 32
"""Fetches. Whoever brings one more is told that its certificate cannot be had."""
FORGET_FAILURE_S = 15.0
"""A server that fails is not asked again by every call; and not for long, because it may be well again."""
LONGEST_KEPT_S = 86_400.0


@dataclass(frozen=True, slots=True)
class _Kept:
    until: float
    content: bytes = b""
    fault: str = ""


class CertificateCache:
    """What is known of certificate files, bounded; one fetch serves all calls that wait for the same file."""

    def __init__(self, files: CertificateFiles, clock: Callable[[], float]) -> None:
        """`clock` is monotonic, in seconds."""
        self._files = files
        self._clock = clock
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._fetching: dict[str, asyncio.Task[_Kept]] = {}

    async def get(self, url: str) -> bytes:
        """The file. Raises StirError (436) where it cannot be had."""
        kept = self._kept.get(url)
        if kept is None or kept.until <= self._clock():
            kept = await self._fetch(url)
        if kept.fault:
            raise StirError(Fault.BAD_INFO, f"the certificate cannot be had: {kept.fault}")
        return kept.content

    async def close(self) -> None:
        for task in self._fetching.values():
            task.cancel()
        await asyncio.gather(*self._fetching.values(), return_exceptions=True)

    async def _fetch(self, url: str) -> _Kept:
        task = self._fetching.get(url)
        if task is None:
            if len(self._fetching) >= MAX_AT_ONCE:
                raise StirError(Fault.BAD_INFO, "the certificate cannot be had: too many are being fetched")
            task = self._fetching[url] = asyncio.create_task(self._ask(url))
            task.add_done_callback(lambda _: self._fetching.pop(url, None))
        return await asyncio.shield(task)  # a caller who gives up does not take it from the others

    async def _ask(self, url: str) -> _Kept:
        try:
            async with asyncio.timeout(FETCH_S):
                file = await self._files.fetch(url)
        except (Invalid, Unavailable) as refusal:
            kept = _Kept(self._clock() + FORGET_FAILURE_S, fault=refusal.message)
        except TimeoutError:
            kept = _Kept(self._clock() + FORGET_FAILURE_S, fault="no answer in time")
        else:
            kept = _Kept(self._clock() + min(file.max_age_s, LONGEST_KEPT_S), file.content)
        self._kept[url] = kept
        self._kept.move_to_end(url)
        if len(self._kept) > MAX_FILES:
            self._kept.popitem(last=False)
        return kept
