"""Gathering digits while something is said: the first key stops it, and the time begins when it is over."""

import asyncio
from collections.abc import Awaitable, Callable

from dialplane.domain.programs.commands import Command, Digits, Gather, Result
from dialplane.voice.digits import beginnings
from dialplane.voice.leg import Leg


async def gather(leg: Leg, wanted: Gather, carry_out: Callable[[Command], Awaitable[Result]]) -> Digits:
    """What was keyed in. `carry_out` plays the prompts; one that cannot be had is passed over."""
    if wanted.prompts:
        await leg.answer()
        if wanted.barge_in:
            await _say_until_a_key(leg, wanted, carry_out)
        else:
            await _say(wanted, carry_out)
    return await leg.digits.gather(wanted)


async def _say_until_a_key(leg: Leg, wanted: Gather, carry_out: Callable[[Command], Awaitable[Result]]) -> None:
    saying = asyncio.ensure_future(_say(wanted, carry_out))
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


async def _say(wanted: Gather, carry_out: Callable[[Command], Awaitable[Result]]) -> None:
    for prompt in wanted.prompts:
        await carry_out(prompt)
