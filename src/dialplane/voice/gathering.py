"""Gathering digits while something is said: the first key stops it, and the time begins when it is over."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace

from dialplane.domain.programs.commands import Command, Digits, Failed, Gather, Play, Result
from dialplane.domain.programs.recognition import Missed
from dialplane.voice.digits import beginnings
from dialplane.voice.leg import Leg


async def gather(leg: Leg, wanted: Gather, carry_out: Callable[[Command], Awaitable[Result]]) -> Digits:
    """What was keyed in. `carry_out` plays the prompts; one that cannot be had is passed over, and told."""
    missed: list[Missed] = []
    if wanted.prompts:
        await leg.answer()
        saying = _say(wanted, carry_out, missed)
        await (_until_a_key(leg, wanted, saying) if wanted.barge_in else saying)
    return replace(await leg.digits.gather(wanted), missed=tuple(missed))


async def _until_a_key(leg: Leg, wanted: Gather, prompts: Coroutine[None, None, None]) -> None:
    saying = asyncio.ensure_future(prompts)
    key = asyncio.ensure_future(leg.digits.begun(beginnings(wanted)))
    try:
        await asyncio.wait((saying, key), return_when=asyncio.FIRST_COMPLETED)
        if saying.done():
            saying.result()
    finally:
        key.cancel()
        if not saying.done():
            saying.cancel()
            if leg.media is not None:
                leg.media.stop_playing()


async def _say(wanted: Gather, carry_out: Callable[[Command], Awaitable[Result]], missed: list[Missed]) -> None:
    for prompt in wanted.prompts:
        result = await carry_out(prompt)
        if isinstance(result, Failed):
            missed.append(Missed("Play" if isinstance(prompt, Play) else "Say", result.reason))
