"""What messages and their webhooks cost, against Kannel and against a plain aiohttp client, in the same run.

    .venv/bin/python -m bench.messages [--messages 4000] [--rate 3000] [--seconds 5] [--realtime]

Five parts, each with the counts that prove it:

- *inbound*: a message comes in, is stored, charged by segments in the ledger, told of in the outbox, and handed to its
  number's hook, an HTTP request that is signed, logged and retried. Kannel's way of the same shape is a fake SMSC ->
  bearerbox -> smsbox -> `sms-service` GET (`apt-get install kannel`). It keeps no record, no ledger, no log and signs
  nothing. CPU a message of each of our processes and of both boxes; the receiver of either is counted on no side.
- *sustained*: messages come at `--rate` for `--seconds`; each must be stored once and charged once, and the balance
  must be what the price says, to the micro.
- *sending*: messages that accounts send: how many a second are queued, and taken by the simulated carrier up to its
  receipt by one worker; each must be paid once.
- *deliveries*: webhooks of a full queue, and the same bodies by a plain aiohttp client with as many requests in flight,
  by CPU of the sending process.
- *dead*: 99 good receivers and one that never answers, at 200 events a second: how long the good ones wait (WH-6).

What was found on the way stands in `bench/README.md`.
"""

import argparse
import json
import os
import tempfile
from pathlib import Path

import uvloop
from bench.message_deliveries import dead_receiver, deliveries
from bench.message_intake import inbound, sustained
from bench.message_peers import kannel_us, plain_client
from bench.message_platform import ACCOUNTS, work
from bench.message_processes import receive
from bench.message_sending import sending


async def run(messages: int, rate: int, seconds: int) -> dict[str, float | bool | None]:
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="dialplane-bench-") as name:
        folders = [Path(name) / each for each in ("kannel", "inbound", "sustained", "sending", "deliveries", "dead")]
        for folder in folders:
            folder.mkdir()
        kannel = await kannel_us(messages, folders[0])
        ours = await inbound(messages, folders[1])
        print(f"load of the machine at the start: {load:.1f}")
        print(f"inbound -> hook, us a message: taking in {ours.taking_in:.0f}, worker {ours.worker:.0f},", end=" ")
        print(f"Postgres {ours.postgres:.0f}; Kannel {kannel or float('nan'):.0f}")
        held = await sustained(rate, seconds, folders[2])
        print(f"sustained: {held.stored} of {held.offered} stored, {held.charged} charged, {held.rate:.0f}/s,", end=" ")
        print(
            f"taking in {held.taking_in_us:.0f} us, Postgres {held.postgres_us:.0f} us, p99 {held.p99_ms:.0f} ms,",
            end=" ",
        )
        print("right" if held.is_right else "WRONG")
        out = await sending(messages, folders[3])
        print(
            f"queued: {out.queued_rate:.0f}/s, {out.queueing_us:.0f} us, Postgres {out.queueing_postgres_us:.0f};",
            end=" ",
        )
        print(
            f"sent: {out.sent_rate:.0f}/s, worker {out.worker_us:.0f} us, Postgres {out.worker_postgres_us:.0f},",
            end=" ",
        )
        print("right" if out.is_right else "WRONG")
        sent, plain = await deliveries(messages, folders[4])
        print(f"deliveries a CPU-second: {sent:.0f}, plain aiohttp {plain:.0f}")
        p50, p99 = await dead_receiver(folders[5])
        print(f"beside a dead receiver: p50 {p50:.0f} ms, p99 {p99:.0f} ms (at most 1,000)")
    return {
        "ratio": ours.processes / kannel if kannel else None,
        "ratio_with_postgres": (ours.processes + ours.postgres) / kannel if kannel else None,
        "sustained_rate": held.rate,
        "queued_rate": out.queued_rate,
        "sent_rate": out.sent_rate,
        "is_right": held.is_right and out.is_right,
        "deliveries_ratio": sent / plain,
        "dead_p99_ms": p99,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=4000)
    parser.add_argument("--rate", type=int, default=3000)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--realtime", action="store_true", help="before whatever else the machine does (needs root)")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--receiver", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--client", nargs=2, type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.realtime:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))  # what is started inherits it
    if chosen.worker:
        uvloop.run(work(chosen.worker))
    elif chosen.receiver:
        uvloop.run(receive(chosen.receiver))
    elif chosen.client:
        uvloop.run(plain_client(*chosen.client, at_once=10 * ACCOUNTS))
    else:
        print(json.dumps({"bench": "messages"} | uvloop.run(run(chosen.messages, chosen.rate, chosen.seconds))))
