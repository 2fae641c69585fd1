"""The digits of one call: kept from the moment they are heard until a program gathers them."""

import asyncio

from dialplane.domain.programs.commands import Digits, Gather

MAX_KEPT = 1000
"""Digits beyond it are dropped: nobody gathers a thousand keys, and a stuck key must not eat memory."""


class DigitBuffer:
    """Filled by the media path (RFC 4733) and by SIP INFO; emptied by `gather`."""

    def __init__(self) -> None:
        self._kept = ""
        self._heard = asyncio.Event()

    def put(self, digit: str) -> None:
        if len(self._kept) < MAX_KEPT:
            self._kept += digit
        self._heard.set()

    @property
    def is_empty(self) -> bool:
        return not self._kept

    async def begun(self, keys: str) -> None:
        """Wait for a key that begins an input: one of `keys`, or any where that is empty. Others are dropped."""
        while True:
            if keys:
                self._kept = self._kept.lstrip("".join(set(self._kept) - set(keys)))
            if self._kept:
                return
            self._heard.clear()
            await self._heard.wait()

    async def gather(self, wanted: Gather) -> Digits:
        """Take digits until one of the ends of `Gather` is reached; those kept earlier count first."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wanted.timeout_ms / 1000
        taken = ""
        while True:
            while self._kept:
                digit, self._kept = self._kept[0], self._kept[1:]
                if not taken and not _begins(digit, wanted):
                    continue
                taken += digit
                if digit in wanted.end_keys:
                    return Digits(taken, "key")
                if wanted.max_digits and len(taken) >= wanted.max_digits:
                    return Digits(taken, "length")
                if wanted.between_ms is not None:
                    deadline = loop.time() + wanted.between_ms / 1000
            self._heard.clear()
            try:
                async with asyncio.timeout_at(deadline):
                    await self._heard.wait()
            except TimeoutError:
                return Digits(taken, "timeout")


def beginnings(wanted: Gather) -> str:
    """The keys that begin the input; an end key does, too: it ends it with nothing. Empty: any."""
    return wanted.start_keys + wanted.end_keys if wanted.start_keys else ""


def _begins(digit: str, wanted: Gather) -> bool:
    keys = beginnings(wanted)
    return not keys or digit in keys


def digit_of_info(content_type: str | None, body: bytes) -> str:
    """The key that an INFO tells of: `application/dtmf-relay` (`Signal=5`) or `application/dtmf` (`5`); "" for none."""
    text = body[:200].decode("utf-8", "replace")
    if content_type == "application/dtmf-relay":
        values = dict(line.split("=", 1) for line in text.replace("\r", "\n").split("\n") if "=" in line)
        digit = values.get("Signal", "").strip()
    else:
        digit = text.strip() if content_type == "application/dtmf" else ""
    return digit if len(digit) == 1 and digit in "0123456789ABCD*#" else ""
