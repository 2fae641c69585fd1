"""The steps of the demo, in order. It ends well only if each of them really happened."""

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from rich.console import Console
from rich.table import Table

from dialplane.demo.children import Child, StepFailed, dialplane
from dialplane.demo.client import Client
from dialplane.demo.flows import HOURS_REPLY, keyword_flow, menu_flow
from dialplane.demo.receiver import Receiver, listening

CALLER = "+12125550111"
SECOND_PHONE_SAYS = "Hello, this is the second phone. I can hear you well. Goodbye."
PRESS_AFTER_S = 4.5
"""The greeting takes some four seconds; a digit that comes while it plays is kept for the menu."""
LOUD_ENOUGH_DBFS = -40.0


@dataclass
class Demo:
    """One walk through the product."""

    console: Console
    folder: Path
    client: Client
    receiver: Receiver
    sip: str
    """HOST:PORT."""
    step: int = field(default=0)

    def begin(self, title: str) -> None:
        self.step += 1
        self.console.print(f"\n[bold]{self.step}. {title}[/bold]", soft_wrap=True)

    def say(self, text: str) -> None:
        self.console.print(f"   {text}", highlight=False, soft_wrap=True)

    async def run(self, second_phone: Child, second_port: int) -> None:
        number = await self.buy()
        await self.attach(number, second_port)
        await self.ring(number, second_phone)
        await self.text(number)
        await self.show_webhooks()
        await self.explain(number)
        await self.show_money()

    async def buy(self) -> dict[str, Any]:
        self.begin("Search US numbers and buy one")
        found = (await self.client.get("/available_numbers", country_code="US", page_size="5"))["result"]
        table = Table("number", "type", "place", "features", "first month", box=None, padding=(0, 3), pad_edge=True)
        for item in found:
            price = (item["setup_micros"] + item["monthly_micros"]) / 1_000_000
            place = f"{item['locality']} {item['region']}"
            table.add_row(item["number"], item["number_type"], place, " ".join(item["features"]), f"${price:.2f}")
        self.console.print(table)
        _require(len(found) == 5, "the search found fewer than five US numbers")
        number: dict[str, Any] = await self.client.post("/numbers", {"number": found[0]["number"], "name": "demo"})
        _require(number["status"] == "active", "the bought number is not active")
        self.say(f"bought {number['number']}, id {number['id']}")
        return number

    async def attach(self, number: dict[str, Any], second_port: int) -> None:
        self.begin("Create an IVR flow and a keyword flow, and attach them")
        menu = await self.client.post("/flows", menu_flow(f"bob@127.0.0.1:{second_port}"))
        keywords = await self.client.post("/flows", keyword_flow())
        wanted = {"call_flow_id": menu["id"], "message_flow_id": keywords["id"]}
        changed = await self.client.put(f"/numbers/{number['id']}", wanted)
        _require(wanted.items() <= changed.items(), "the number does not show the flows")
        self.say(f"calls run {menu['name']!r}: " + " → ".join(action["type"] for action in menu["actions"]))
        self.say(f"texts run {keywords['name']!r}: " + " → ".join(action["type"] for action in keywords["actions"]))

    async def ring(self, number: dict[str, Any], second_phone: Child) -> None:
        self.begin("Ring the number from a SIP phone, hear the greeting, press 1, talk with a second phone")
        recording = self.folder / "demo-call.wav"
        arguments = (
            "phone", "call", number["number"], "--server", self.sip, "--from", CALLER, "--digits", "1",
            "--digits-after", str(PRESS_AFTER_S), "--record", str(recording), "--json",
        )  # fmt: skip
        async with dialplane(*arguments, errors=self.folder / "phone-1.log") as phone:
            await phone.event("answered")
            self.say("the platform answered; the greeting plays")
            call = await second_phone.event("call")
            self.say(f"pressed 1; the second phone rings: {call['from']}")
            await second_phone.event("answered")
            self.say("the second phone answered; both are connected")
            ended = await phone.event("ended")
            _require(await phone.process.wait() == 0, "the phone did not end well")
        await second_phone.event("ended")
        self.say(
            f"recorded {recording}: {ended['seconds']:.1f} s, of which {ended['seconds_of_sound']:.1f} s of sound"
            f" at {ended['level_dbfs']:.1f} dBFS"
        )
        _require(ended["level_dbfs"] > LOUD_ENOUGH_DBFS, "the recording is silent")
        _require(ended["seconds_of_sound"] > 4, "the recording holds too little speech")
        incoming, outgoing = await self._calls_of(number)
        self.say(f"call in:  {incoming['status']}, {incoming['hangup_reason']}, by {incoming['hangup_by']}")
        self.say(f"call out: {outgoing['status']}, {outgoing['hangup_reason']}, by {outgoing['hangup_by']}")

    async def _calls_of(self, number: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """The incoming call and the one to the second phone, once both are over."""
        async with asyncio.timeout(10):
            while True:
                calls = (await self.client.get("/calls"))["result"]
                incoming = [call for call in calls if call["destination"].get("target") == number["number"]]
                if incoming and len(calls) >= 2 and all(call["status"] == "hangup" for call in calls):
                    outgoing = next(call for call in calls if call["master_call_id"] == incoming[0]["id"])
                    return incoming[0], outgoing
                await asyncio.sleep(0.1)

    async def text(self, number: dict[str, Any]) -> None:
        self.begin("Text HOURS to the number and get the automatic answer")
        sent = {"from": CALLER, "to": number["number"], "text": "HOURS"}
        await self.client.operator_post("/sandbox/messages", sent)
        self.say(f"{CALLER} → {number['number']}: HOURS")
        async with asyncio.timeout(15):
            while True:
                answers = await self.client.operator_get("/sandbox/messages", to=CALLER)
                texts = [message["text"] for message in answers["messages"]]
                if texts:
                    break
                await asyncio.sleep(0.1)
        self.say(f"{number['number']} → {CALLER}: {texts[0]}")
        _require(texts == [HOURS_REPLY], f"the answer is {texts!r}")

    async def show_webhooks(self) -> None:
        self.begin("Look at the signed webhooks that a customer's server received")
        await self.receiver.wait_for("conversation_message_created")
        hangup = await self.receiver.wait_for("call_hangup")
        received = self.receiver.received()
        counts: dict[str, int] = {}
        for each in received:
            counts[each.type] = counts.get(each.type, 0) + 1
        for event, count in sorted(counts.items()):
            self.say(f"{count:3} × {event}")
        forged = [each.type for each in received if not each.is_genuine]
        _require(not forged, f"a signature is wrong: {forged}")
        self.say(f"{len(received)} webhooks, X-VoIPBIN-Signature and webhook-signature right on every one")
        _require(hangup.data["hangup_reason"] == "normal", "the call did not end normally")

    async def explain(self, number: dict[str, Any]) -> None:
        self.begin("Ask why the call went where it went")
        national = number["number"].removeprefix("+1")
        decision = await self.client.post("/route_explain", {"kind": "call", "from": CALLER, "to": national})
        self.say(f"{decision['raw']} is read as {decision['normalized']}: {decision['verdict']}")
        for candidate in decision["candidates"]:
            self.say(f"  {candidate['what']} {candidate['value']}: {candidate['verdict']} ({candidate['reason']})")
        self.say(f"  target: {decision['target']}")
        _require(decision["normalized"] == number["number"], "the national form was not recognised")

    async def show_money(self) -> None:
        self.begin("Look at the ledger and the balance")
        check = await self._settled_ledger()
        billings = (await self.client.get("/billings"))["result"]
        for entry in reversed(billings):
            amount = entry["amount_credit"] / 1_000_000
            what = entry["cost_type"] or entry["reference_type"] or entry["transaction_type"]
            self.say(f"{amount:+9.4f} USD {entry['amount_token']:+6} tokens  {what}")
        account = await self.client.get("/billing_account")
        self.say(f"balance {account['balance_credit'] / 1_000_000:.4f} USD, {account['balance_token']} tokens")
        self.say(
            f"ledger: balanced={check['balanced']}, postings={check['postings']}, holds open={check['holds_open']}"
        )
        _require(bool(check["balanced"]) and check["holds_open"] == 0, "the ledger is not balanced")
        spent = sum(entry["amount_credit"] for entry in billings)
        _require(spent == account["balance_credit"], "the balance is not the sum of the ledger")

    async def _settled_ledger(self) -> dict[str, Any]:
        """The ledger's own check, once the last message is paid: its price is only held until the carrier took it."""
        async with asyncio.timeout(10):
            while True:
                check: dict[str, Any] = await self.client.operator_get("/ledger/check")
                if not check["holds_open"]:
                    return check
                await asyncio.sleep(0.1)


def _require(condition: bool, what: str) -> None:
    if not condition:
        raise StepFailed(what)


async def run_demo(folder: Path) -> int:
    """Walk through the product in a fresh `folder`. Gives 0 where every step happened, 1 where one did not."""
    console = Console()
    started = time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        await _walk(console, folder)
    except (StepFailed, TimeoutError, aiohttp.ClientError) as fault:
        what = str(fault) or "a step took too long"
        console.print(f"\n[bold red]The demo failed:[/bold red] {what}", highlight=False)
        console.print(f"Logs: {folder / 'logs'}", highlight=False)
        return 1
    console.print(f"\n[bold green]Every step happened, in {time.monotonic() - started:.0f} s.[/bold green]")
    console.print(
        "Keep a server running:  [bold].venv/bin/dialplane up[/bold]   (credentials in ./var/ready.json)\n"
        "Ring a number of it:    [bold].venv/bin/dialplane phone call NUMBER[/bold]\n"
        "The API in the browser: [bold]http://127.0.0.1:8080/docs[/bold]\n"
        "Where to look next:     README.md, the ten-minute tour; ARCHITECTURE.md, the way of a call\n"
        f"What this run left:     {folder}",
        highlight=False,
    )
    return 0


async def _walk(console: Console, folder: Path) -> None:
    console.print("[bold]Dialplane demo[/bold]: a platform, a customer's server and two phones on this machine.")
    async with AsyncExitStack() as stack:
        receiver = await stack.enter_async_context(listening())
        platform = await stack.enter_async_context(
            dialplane(
                "up", "--data", str(folder), "--http", "127.0.0.1:0", "--sip", "127.0.0.1:0",
                errors=folder / "platform.log",
            )
        )  # fmt: skip
        answering = ("phone", "answer", "--say", SECOND_PHONE_SAYS, "--calls", "1", "--talk", "0.5", "--json")
        second = await stack.enter_async_context(dialplane(*answering, errors=folder / "phone-2.log"))
        ready = await platform.event("ready")
        console.print(f"The platform serves at {ready['http']} and {ready['sip']}.", highlight=False)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        client = Client(session, ready)
        await client.put("/customer", {"webhook_uri": receiver.url, "webhook_method": "POST"})
        receiver.secret = (await client.get("/webhook_endpoints"))["result"][0]["secret"]
        demo = Demo(console, folder, client, receiver, ready["sip"].removeprefix("sip:"))
        await demo.run(second, (await second.event("waiting"))["port"])
        _require(await platform.end() == 0, "the platform did not end well")
