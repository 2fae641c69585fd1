"""Waiting for the first of several things on a live call."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from dialplane.voice.leg import Leg

T = TypeVar("T")


async def first_of(*waits: Coroutine[Any, Any, object]) -> None:
    """Wait for the first of several events."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


async def unless_ended(leg: Leg, work: Coroutine[Any, Any, T]) -> T | None:
    """What `work` comes to; None where the leg ended first, which cancels it."""
    working = asyncio.ensure_future(work)
    ended = asyncio.ensure_future(leg.ended.wait())
    try:
        await asyncio.wait((working, ended), return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        ended.cancel()
        if not working.done():
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
