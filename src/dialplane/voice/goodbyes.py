"""Hanging up for the parties of calls whose node died (AV-2), a few at a time."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from dialplane.services.calling.calls import NodeCommand
from dialplane.services.calling.goodbyes import read_goodbyes
from dialplane.sip.errors import SipParseError
from dialplane.voice.useragent.agent import UserAgent

PAUSE_S = 0.005
"""Between two: a thousand calls of a dead node are over in five seconds, and this node's own notice nothing."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Goodbyes:
    agent: UserAgent
    now: Callable[[], datetime]

    async def ordered(self, command: NodeCommand) -> None:
        dialogs = read_goodbyes(command, self.now())
        for dialog in dialogs:
            try:
                self.agent.say_goodbye(dialog, "the node that carried the call is gone")
            except SipParseError as fault:
                log.warning("goodbye_not_said", sip_call_id=dialog.call_id, problem=fault.problem)
            await asyncio.sleep(PAUSE_S)
        log.info("goodbyes_said", calls=len(dialogs))
