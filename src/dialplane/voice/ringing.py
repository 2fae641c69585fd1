"""What a caller hears while somebody is rung for it: its own phone's tone, ours, or what the far end sends."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from dialplane.domain.errors import Invalid
from dialplane.domain.programs.commands import Dial
from dialplane.voice.leg import Leg
from dialplane.voice.ports import Prompt, Prompts
from dialplane.voice.waiting import first_of

DEFAULT_COUNTRY = "us"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Ringing:
    """Rings into callers' ears."""

    prompts: Prompts

    async def let_hear(self, master: Leg, command: Dial, callees: Sequence[Leg]) -> None:
        """Until cancelled. A caller that is not answered hears its own phone ring, or our tone where one is wished;
        one that is hears ours. The only callee's early media goes before that, where the caller may hear it."""
        if not master.is_answered:
            await master.ring(with_media=bool(command.ring_tone))
        tone = asyncio.ensure_future(self._play(master, command.ring_tone)) if _hears_us(master, command) else None
        try:
            if len(callees) == 1 and (command.early_media or master.is_answered) and not command.ring_tone:
                await _hear(master, callees[0])
                if tone is not None:
                    tone.cancel()
            if tone is not None:
                await asyncio.wait((tone,))
        finally:
            if tone is not None:
                tone.cancel()

    async def _play(self, master: Leg, country: str) -> None:
        media = await master.media_ready()
        await media.play([await self._tone(country)], loop=True)

    async def _tone(self, country: str) -> Prompt:
        try:
            return await self.prompts.ringing(country or DEFAULT_COUNTRY)
        except Invalid:
            log.info("unknown_ring_tone", country=country[:40])
            return await self.prompts.ringing(DEFAULT_COUNTRY)


def _hears_us(master: Leg, command: Dial) -> bool:
    return master.is_answered or bool(command.ring_tone)


async def _hear(master: Leg, callee: Leg) -> None:
    """Let the caller hear what the far end sends before it answers (its own ringing, an announcement)."""
    await first_of(callee.early_media.wait(), callee.ended.wait(), callee.answered.wait())
    if callee.early_media.is_set() and not callee.is_ended and not master.is_ended:
        await master.ring(with_media=True)
        if master.media is not None and callee.media is not None:
            master.media.bridge(callee.media)
