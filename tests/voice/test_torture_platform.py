"""The torture messages against the whole voice role, as strangers would send them: the right answers, and alive.

Requests without credentials come from the loopback, which is the simulated PSTN: INVITEs are PSTN calls to unknown
numbers, and REGISTER is challenged.
"""

import asyncio
from types import SimpleNamespace
from typing import cast

from dialplane.voice.useragent.agent import UserAgent
from tests.effort import PATIENCE_S
from tests.voice.platform import VoiceNode
from tests.voice.test_torture_wire import CASES, exchange_datagram


async def test_every_torture_message_gets_its_answer_from_the_whole_platform(node: VoiceNode) -> None:
    """SIP-1, SIP-2: with authentication on, 401 or 407 stands for any 2xx."""
    await node.number("+12025550143", {"type": "answer"})
    server = cast("UserAgent", SimpleNamespace(host="127.0.0.1", port=node.server.port))
    wrong: dict[str, list[int]] = {}
    seen: set[bytes] = set()
    for path, expected in CASES:
        answers = await exchange_datagram(server, path.read_bytes(), seen=seen, until_final=bool(expected))
        statuses = [int(answer.split(b" ", 2)[1]) for answer in answers]
        # Nobody acknowledges what an INVITE got, so it comes again.
        seen.update(answer for answer in answers if b" INVITE\r\n" in answer)
        allowed = expected | ({401, 407, 100} if expected & {200, 202} else set())
        right = not statuses if not expected else bool(statuses) and set(statuses) <= allowed
        if not right:
            wrong[path.name] = statuses

    assert wrong == {}
    async with node.phone() as phone, asyncio.timeout(PATIENCE_S):
        call = await node.ring(phone, "+12025550143")
        assert await call.wait_answered()
        await call.ended.wait()
