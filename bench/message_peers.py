"""The peers of `messages.py`: Kannel, and a plain aiohttp client."""

import asyncio
import json
import subprocess
import time
from pathlib import Path

import aiohttp
from bench.message_processes import answers, cpu_s, end, free_port, receiving, until_received

KANNEL = """
group = core
admin-port = {0}
admin-password = bench
smsbox-port = {1}
log-level = 4
box-deny-ip = "*.*.*.*"
box-allow-ip = "127.0.0.1"

group = smsc
smsc = fake
smsc-id = fake
host = 127.0.0.1
port = {2}
connect-allow-ip = "127.0.0.1"

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {3}
log-level = 4

group = sms-service
keyword = default
catch-all = true
get-url = "http://127.0.0.1:{4}/?from=%p&to=%P&text=%a"
max-messages = 0
omit-empty = true
"""


async def kannel_us(count: int, folder: Path) -> float | None:
    """CPU of both boxes a message; None where Kannel is not installed."""
    if not Path("/usr/sbin/bearerbox").exists():
        return None
    async with receiving() as port:
        ports = [free_port() for _ in range(4)]
        settings = folder / "kannel.conf"
        settings.write_text(KANNEL.format(*ports, port))
        boxes = []
        for name, waits_for in (("bearerbox", ports[2]), ("smsbox", ports[3])):
            box = await asyncio.create_subprocess_exec(f"/usr/sbin/{name}", settings, stderr=subprocess.DEVNULL)
            boxes.append(box)
            while not await answers(waits_for):
                await asyncio.sleep(0.1)
        try:
            _, smsc = await asyncio.open_connection("127.0.0.1", ports[2])
            await _speak(smsc, 200)
            await until_received(port, 200)
            before = [cpu_s(box.pid) for box in boxes]
            await _speak(smsc, count)
            await until_received(port, 200 + count)
            spent = sum(cpu_s(box.pid) - was for box, was in zip(boxes, before, strict=True))
        finally:
            for box in reversed(boxes):
                await end(box)
    return spent / count * 1e6


async def _speak(smsc: asyncio.StreamWriter, count: int) -> None:
    for n in range(count):
        smsc.write(f"1303{n:07d} 12025550100 text message+{n}\n".encode())
        if n % 100 == 99:
            await smsc.drain()
            await asyncio.sleep(0.02)


async def plain_client(port: int, count: int, at_once: int) -> None:
    """The same bodies as ours, `at_once` in flight; prints how many a CPU-second."""
    body = json.dumps({"type": "message_created", "data": {"text": "message 1234" * 20}}).encode()
    queue = iter(range(count))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def post() -> None:
            for _ in queue:
                async with session.post(f"http://127.0.0.1:{port}/", data=body) as answer:
                    await answer.read()

        before = time.process_time()
        await asyncio.gather(*(post() for _ in range(at_once)))
    print(count / (time.process_time() - before))
