"""A fake Telnyx (API v2): numbers, orders with their parts, settings, messages, porting orders, signed webhooks."""

import base64
import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import uuid4

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from dialplane.fakes.misbehaviour import HOW, How, Misbehaviour, Postman, misbehaving
from dialplane.fakes.telnyx_trunks import FakeTrunks, Record, failure

SHELF = (
    *(f"+1312555{n:04}" for n in range(100, 140)),
    *(f"+1415555{n:04}" for n in range(500, 540)),
    *(f"+4930555{n:05}" for n in range(100, 120)),
)
"""What can be had: Chicago, San Francisco, Berlin. Those of Berlin ask for documents."""

_PLACES = {"+1312": ("US", "IL", "CHICAGO"), "+1415": ("US", "CA", "SAN FRANCISCO"), "+4930": ("DE", "BE", "BERLIN")}


@dataclass
class FakeTelnyx:
    """One account. `api_key` is what it takes as Bearer; `public_key` verifies its webhooks."""

    api_key: str = "KEY_fake"
    webhook_url: str = ""
    """Where events go that name no address of their own: orders, inbound messages."""
    misbehaviour: Misbehaviour = field(default_factory=Misbehaviour)
    postman: Postman = field(default_factory=Postman)
    numbers: dict[str, Record] = field(default_factory=dict)
    """By id."""
    orders: dict[str, Record] = field(default_factory=dict)
    messages: list[Record] = field(default_factory=list)
    ports: dict[str, Record] = field(default_factory=dict)
    documents: dict[str, Record] = field(default_factory=dict)
    trunks: FakeTrunks = field(default_factory=FakeTrunks)
    shown: set[str] = field(default_factory=set)
    """Numbers that a search has returned: only these can be ordered."""
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def public_key(self) -> str:
        return base64.b64encode(self.key.public_key().public_bytes_raw()).decode()

    def application(self) -> web.Application:
        app = web.Application(middlewares=[misbehaving(self.misbehaviour, failure), self._credentials])
        app.add_routes(
            [
                web.get("/v2/available_phone_numbers", self.search),
                web.post("/v2/number_orders", self.order),
                web.get("/v2/number_orders", self.list_orders),
                web.get("/v2/number_orders/{id}", self.get_order),
                web.get("/v2/sub_number_orders/{id}", self.get_part),
                web.get("/v2/phone_numbers", self.list_numbers),
                web.patch("/v2/phone_numbers/{id}", self.change_number),
                web.patch("/v2/phone_numbers/{id}/voice", self.change_number),
                web.patch("/v2/phone_numbers/{id}/messaging", self.change_number),
                web.delete("/v2/phone_numbers/{id}", self.delete_number),
                web.post("/v2/messages", self.send_message),
                web.post("/v2/documents", self.upload),
                web.post("/v2/porting_orders", self.port_in),
                web.get("/v2/porting_orders", self.list_ports),
                web.patch("/v2/porting_orders/{id}", self.change_port),
                web.post("/v2/porting_orders/{id}/actions/{action}", self.act_on_port),
                *self.trunks.routes(),
                web.put("/_fake/ports/{id}", self.move_port),
                web.get("/_fake/state", self.state),
                web.put("/_fake/misbehave", self.misbehaviour.set),
                web.put("/_fake/webhooks", self.set_webhooks),
                web.post("/_fake/inbound", self.inbound),
                web.post("/_fake/ready", self.make_ready),
            ]
        )
        return app

    # --- who asks ---

    @web.middleware
    async def _credentials(self, request: web.Request, handler: Any) -> web.StreamResponse:
        told = request.headers.get("Authorization", "")
        if not request.path.startswith("/_fake/") and told != f"Bearer {self.api_key}":
            return failure(401, "Authentication failed", code="10009")
        answer: web.StreamResponse = await handler(request)
        return answer

    # --- numbers ---

    async def search(self, request: web.Request) -> web.Response:
        query = request.query
        taken = {number["phone_number"] for number in self.numbers.values()}
        found = []
        for number in SHELF:
            country, state, place = _place(number)
            national = number[2:] if country == "US" else number[3:]
            fits = (
                number not in taken
                and query.get("filter[country_code]", country) == country
                and query.get("filter[phone_number_type]", "local") == "local"
                and national.startswith(query.get("filter[national_destination_code]", ""))
                and national.startswith(query.get("filter[phone_number][starts_with]", ""))
                and query.get("filter[phone_number][contains]", "") in national
                and national.endswith(query.get("filter[phone_number][ends_with]", ""))
                and query.get("filter[administrative_area]", state) == state
                and query.get("filter[locality]", place).upper() == place
                and set(query.getall("filter[features][]", [])) <= {"voice", "sms", "mms"}
            )
            if fits:
                found.append(number)
        found = found[: int(query.get("filter[limit]", "100"))]
        self.shown.update(found)
        return web.json_response(
            {"data": [_available(number) for number in found], "meta": {"total_results": len(found)}}
        )

    async def list_numbers(self, request: web.Request) -> web.Response:
        wanted = request.query.get("filter[phone_number]", "")
        found = [number for number in self.numbers.values() if wanted in ("", number["phone_number"])]
        size, page = int(request.query.get("page[size]", "20")), int(request.query.get("page[number]", "1"))
        pages = max(1, -(-len(found) // size))
        meta = {"total_pages": pages, "total_results": len(found), "page_number": page, "page_size": size}
        return web.json_response({"data": found[(page - 1) * size : page * size], "meta": meta})

    async def change_number(self, request: web.Request) -> web.Response:
        number = self.numbers.get(request.match_info["id"])
        if number is None:
            return failure(404, "Resource not found", code="10005")
        number.update(await request.json())
        return web.json_response({"data": number})

    async def delete_number(self, request: web.Request) -> web.Response:
        number = self.numbers.pop(request.match_info["id"], None)
        if number is None:
            return failure(404, "Resource not found", code="10005")
        return web.json_response({"data": number | {"status": "deleted"}})

    # --- orders ---

    async def order(self, request: web.Request) -> web.Response:
        wanted = await request.json()
        asked = wanted["phone_numbers"][0]
        number = asked["phone_number"]
        taken = any(each["phone_number"] == number for each in self.numbers.values())
        if request[HOW] == How.REFUSE or number not in self.shown or taken:
            return failure(422, f"Phone number {number} is not available for purchase", code="85001")
        waits = number.startswith("+4930") and not asked.get("requirement_group_id")
        order = {
            "id": str(uuid4()),
            "record_type": "number_order",
            "status": "pending",
            "requirements_met": not waits,
            "customer_reference": wanted.get("customer_reference"),
            "connection_id": wanted.get("connection_id"),
            "messaging_profile_id": wanted.get("messaging_profile_id"),
            "sub_number_orders_ids": [str(uuid4())],
            "phone_numbers": [{"phone_number": number, "status": "pending"}],
            "phone_numbers_count": 1,
            "created_at": _now(),
        }
        self.orders[order["id"]] = order
        if not waits and request[HOW] != How.LATE:
            self._fulfil(order)
        return web.json_response({"data": order})

    def _fulfil(self, order: Record) -> None:
        order["status"] = order["phone_numbers"][0]["status"] = "success"
        order["requirements_met"] = True
        number_id = str(uuid4())
        self.numbers[number_id] = {
            "id": number_id,
            "record_type": "phone_number",
            "phone_number": order["phone_numbers"][0]["phone_number"],
            "status": "active",
            "connection_id": order["connection_id"] or "",
            "messaging_profile_id": order["messaging_profile_id"] or "",
            "customer_reference": order["customer_reference"],
            "emergency_enabled": False,
        }

    async def list_orders(self, request: web.Request) -> web.Response:
        wanted = request.query.get("filter[customer_reference]")
        found = [order for order in self.orders.values() if wanted in (None, order["customer_reference"])]
        return web.json_response({"data": found, "meta": {"total_results": len(found)}})

    async def get_order(self, request: web.Request) -> web.Response:
        order = self.orders.get(request.match_info["id"])
        return web.json_response({"data": order}) if order else failure(404, "Resource not found", code="10005")

    async def get_part(self, request: web.Request) -> web.Response:
        part = request.match_info["id"]
        order = next((each for each in self.orders.values() if part in each["sub_number_orders_ids"]), None)
        if order is None:
            return failure(404, "Resource not found", code="10005")
        asks = [] if order["requirements_met"] else [_requirement()]
        status = "requirement-info-pending" if asks else "approved"
        shown = {"id": part, "record_type": "sub_number_order", "status": order["status"]}
        return web.json_response({"data": shown | {"requirements_status": status, "regulatory_requirements": asks}})

    async def make_ready(self, request: web.Request) -> web.Response:
        """`POST /_fake/ready {"requirements": true}`: pending orders succeed, and their webhooks go out."""
        for order in [each for each in self.orders.values() if each["status"] == "pending"]:
            self._fulfil(order)
            await self.tell("number_order.complete", order)
        return web.json_response({"data": list(self.orders.values())})

    # --- porting ---

    async def upload(self, request: web.Request) -> web.Response:
        given = await request.json()
        document = {"id": str(uuid4()), "filename": given["filename"], "size": len(base64.b64decode(given["file"]))}
        self.documents[document["id"]] = document
        return web.json_response({"data": document}, status=201)

    async def port_in(self, request: web.Request) -> web.Response:
        """One order for each country: Telnyx splits."""
        given = await request.json()
        countries: dict[str, list[str]] = {}
        for number in given["phone_numbers"]:
            countries.setdefault(number[:2], []).append(number)
        made = []
        for numbers in countries.values():
            order: Record = {
                "id": str(uuid4()),
                "record_type": "porting_order",
                "customer_reference": given.get("customer_reference"),
                "status": {"value": "draft", "details": []},
                "phone_numbers": [{"phone_number": number} for number in numbers],
                "activation_settings": {},
            }
            self.ports[order["id"]] = order
            made.append(order)
        return web.json_response({"data": made}, status=201)

    async def list_ports(self, request: web.Request) -> web.Response:
        wanted = request.query.get("filter[customer_reference]")
        found = [order for order in self.ports.values() if wanted in (None, order["customer_reference"])]
        return web.json_response({"data": found})

    async def change_port(self, request: web.Request) -> web.Response:
        order = self.ports.get(request.match_info["id"])
        if order is None:
            return failure(404, "Resource not found", code="10005")
        order.update(await request.json())
        return web.json_response({"data": order})

    async def act_on_port(self, request: web.Request) -> web.Response:
        order, action = self.ports.get(request.match_info["id"]), request.match_info["action"]
        if order is None or action not in ("confirm", "cancel"):
            return failure(404, "Resource not found", code="10005")
        if action == "confirm" and (not order.get("documents", {}).get("loa") or not order.get("end_user")):
            return failure(422, "The letter of authorization and the end user are needed", code="10015")
        order["status"] = {"value": "in-process" if action == "confirm" else "cancel-pending", "details": []}
        return web.json_response({"data": order})

    async def move_port(self, request: web.Request) -> web.Response:
        """`PUT /_fake/ports/{id} {"status", "code", "foc"}`: the losing carrier has spoken."""
        given = await request.json()
        order = self.ports[request.match_info["id"]]
        details = [{"code": given["code"], "description": given.get("words", "")}] if "code" in given else []
        order["status"] = {"value": given["status"], "details": details}
        if "foc" in given:
            order["activation_settings"]["foc_datetime_actual"] = given["foc"]
        await self.tell("porting_order.status_changed", order)
        return web.json_response({"data": order})

    # --- messages and webhooks ---

    async def send_message(self, request: web.Request) -> web.Response:
        wanted = await request.json()
        owned = any(each["phone_number"] == wanted["from"] for each in self.numbers.values())
        if not owned or request[HOW] == How.REFUSE:
            return failure(400, "Invalid source number", code="40305")
        message = {
            "id": str(uuid4()),
            "direction": "outbound",
            "type": wanted.get("type", "SMS"),
            "from": {"phone_number": wanted["from"]},
            "to": [{"phone_number": wanted["to"], "status": "queued"}],
            "text": wanted.get("text", ""),
            "media": [{"url": url} for url in wanted.get("media_urls", [])],
            "tags": wanted.get("tags", []),
            "webhook_url": wanted.get("webhook_url", ""),
            "errors": [],
        }
        self.messages.append(message)
        self.postman.follow(partial(self.report, message))
        return web.json_response({"data": message})

    async def report(self, message: Record, status: str, *, detail: str = "", code: str = "40008") -> None:
        """Tell what became of a message: `sent`, `delivered`, `delivery_failed`."""
        message["to"][0]["status"] = status
        message["errors"] = [{"code": code, "title": detail, "detail": detail}] if detail else []
        kind = "message.sent" if status == "sent" else "message.finalized"
        await self.tell(kind, message, url=message["webhook_url"])

    async def inbound(self, request: web.Request) -> web.Response:
        """`POST /_fake/inbound {"from", "to", "text", "media": []}`: somebody writes to a number of the account."""
        wanted = await request.json()
        message = {
            "id": str(uuid4()),
            "direction": "inbound",
            "type": "MMS" if wanted.get("media") else "SMS",
            "from": {"phone_number": wanted["from"], "carrier": "", "line_type": "Wireless"},
            "to": [{"phone_number": wanted["to"], "status": "webhook_delivered"}],
            "text": wanted.get("text", ""),
            "media": [{"url": url, "content_type": "image/png"} for url in wanted.get("media", [])],
            "received_at": _now(),
        }
        await self.tell("message.received", message)
        return web.json_response({"data": message})

    async def tell(self, kind: str, payload: Record, *, url: str = "", at: int | None = None) -> None:
        """Send a signed event."""
        event = {"record_type": "event", "id": str(uuid4()), "event_type": kind, "occurred_at": _now()}
        body = json.dumps({"data": event | {"payload": payload}, "meta": {"attempt": 1}}).encode()
        headers = self.signed(body, at or int(time.time()))
        if url or self.webhook_url:
            await self.postman.send(url or self.webhook_url, body, headers)

    def signed(self, body: bytes, at: int) -> dict[str, str]:
        signature = base64.b64encode(self.key.sign(f"{at}|".encode() + body)).decode()
        return {
            "Content-Type": "application/json",
            "telnyx-signature-ed25519": signature,
            "telnyx-timestamp": str(at),
        }

    async def set_webhooks(self, request: web.Request) -> web.Response:
        """`PUT /_fake/webhooks {"url", "copies", "reports": ["sent", "delivered"]}`."""
        wanted = await request.json()
        self.webhook_url = str(wanted.get("url", self.webhook_url))
        return web.json_response({"url": self.webhook_url} | self.postman.set(wanted))

    async def state(self, request: web.Request) -> web.Response:
        kept = {"numbers": list(self.numbers.values()), "orders": list(self.orders.values()), "messages": self.messages}
        kept |= {"profiles": list(self.trunks.profiles.values()), "connections": list(self.trunks.connections.values())}
        told = [{"url": url, "status": status} for url, status in self.postman.sent]
        return web.json_response(kept | {"public_key": self.public_key, "webhooks": told})


def _available(number: str) -> Record:
    country, state, place = _place(number)
    names = (("country_code", country), ("state", state), ("location", place))
    return {
        "record_type": "available_phone_number",
        "phone_number": number,
        "phone_number_type": "local",
        "region_information": [{"region_type": kind, "region_name": name} for kind, name in names],
        "features": [{"name": name} for name in ("voice", "sms", "mms")],
        "cost_information": {"upfront_cost": "1.00", "monthly_cost": "1.50", "currency": "USD"},
        "best_effort": False,
        "reservable": True,
    }


def _place(number: str) -> tuple[str, str, str]:
    return _PLACES[number[:5]]


def _requirement() -> Record:
    return {"requirement_id": "8ffb3622", "field_type": "address", "status": "awaiting-value"}


def _now() -> str:
    return datetime.now(UTC).isoformat()
