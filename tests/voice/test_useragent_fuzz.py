"""Noise on the wire: broken copies of the torture messages, and more requests than anybody means (FUZZ-2, CVE-13)."""

import asyncio
import random
from contextlib import suppress
from secrets import token_hex

from tests.captures.torture import load_torture
from tests.effort import full
from tests.voice.agents import SDP, Answering, RawPeer, running

SEED = 4475
BATCH = 50


def mutated(data: bytes, chance: random.Random) -> bytes:
    """One octet in a hundred is another."""
    octets = bytearray(data)
    for _ in range(max(1, len(octets) // 100)):
        octets[chance.randrange(len(octets))] = chance.randrange(256)
    return bytes(octets)


def drain(peer: RawPeer) -> None:
    """Throw away what was answered: it repeats fields of what was sent, noise and all."""
    with suppress(BlockingIOError):
        while True:
            peer.socket.recv(65_536)


async def test_mutated_torture_messages_leave_the_user_agent_serving() -> None:
    """FUZZ-2: 100,000 datagrams in `make soak`; no exception reaches the dispatcher's last guard."""
    chance = random.Random(SEED)
    corpus = [message.data for folder in ("rfc4475", "rfc5118") for message in load_torture(folder)]
    async with running(Answering(lambda call: call.reject(486))) as agent:
        with RawPeer(agent) as peer:
            for index in range(full(2_000, 100_000)):
                peer.send(mutated(chance.choice(corpus), chance))
                if index % BATCH == 0:
                    await asyncio.sleep(0)
                    drain(peer)

            assert await peer.is_served()
            assert (agent.counters["parser_failed"], agent.counters["dispatch_failed"]) == (0, 0)


async def test_flood_of_new_requests_leaves_nothing_behind() -> None:
    """CVE-13: each with a Call-ID of its own; when their time is over, nothing of them is kept."""
    async with running(Answering(lambda call: call.reject(403))) as agent:
        with RawPeer(agent) as peer:
            for index in range(full(1_000, 50_000)):
                method = ("REGISTER", "INVITE", "OPTIONS", "SUBSCRIBE", "MESSAGE")[index % 5]
                peer.call_id = f"{token_hex(8)}@flood"
                peer.send(peer.request(method, body=SDP if method == "INVITE" else b""))
                if index % BATCH == 0:
                    await asyncio.sleep(0)
                    peer.pending()
            assert await peer.is_served()

            while (
                agent.live_transactions or agent.live_calls
            ):  # 64*T1 after the last: the test's own time limit ends it
                await asyncio.sleep(0.05)
                peer.pending()
