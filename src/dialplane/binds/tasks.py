"""Tasks each of which fails alone."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

log = structlog.get_logger()


class Tasks:
    """Started in `owner`, which outlives them."""

    def __init__(self, owner: asyncio.TaskGroup) -> None:
        self._owner = owner

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        return self._owner.create_task(_alone(name, work))


async def _alone(name: str, work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception:
        log.exception("smpp_work_failed", work=name)
