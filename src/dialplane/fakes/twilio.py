"""A fake Twilio (API 2010-04-01): numbers, messages, signed webhooks. Its purchases are done at once, as Twilio's."""

import base64
import hmac
import json
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from aiohttp import web

from dialplane.fakes.misbehaviour import HOW, How, Misbehaviour, Postman, misbehaving

Record = dict[str, Any]

SHELF = tuple(f"+1212555{n:04}" for n in range(100, 160))
"""What can be had: New York."""
MAGIC = {"+15005550000": (21422, "is not available"), "+15005550001": (21421, "is invalid")}
"""As Twilio's test credentials have them."""


@dataclass
class FakeTwilio:
    """One account."""

    account_sid: str = "AC" + "0" * 31 + "1"
    auth_token: str = "token_fake"
    misbehaviour: Misbehaviour = field(default_factory=Misbehaviour)
    postman: Postman = field(default_factory=Postman)
    numbers: dict[str, Record] = field(default_factory=dict)
    """By sid."""
    messages: list[Record] = field(default_factory=list)

    def application(self) -> web.Application:
        base = f"/2010-04-01/Accounts/{self.account_sid}"
        app = web.Application(middlewares=[misbehaving(self.misbehaviour, _refusal), self._credentials])
        app.add_routes(
            [
                web.get(base + "/AvailablePhoneNumbers/{country}/{kind}.json", self.search),
                web.post(base + "/IncomingPhoneNumbers.json", self.buy),
                web.get(base + "/IncomingPhoneNumbers.json", self.list_numbers),
                web.get(base + "/IncomingPhoneNumbers/{sid}.json", self.get_number),
                web.post(base + "/IncomingPhoneNumbers/{sid}.json", self.change_number),
                web.delete(base + "/IncomingPhoneNumbers/{sid}.json", self.delete_number),
                web.post(base + "/Messages.json", self.send_message),
                web.get("/_fake/state", self.state),
                web.put("/_fake/misbehave", self.misbehaviour.set),
                web.put("/_fake/webhooks", self.set_webhooks),
                web.post("/_fake/inbound", self.inbound),
            ]
        )
        return app

    @web.middleware
    async def _credentials(self, request: web.Request, handler: Any) -> web.StreamResponse:
        pair = base64.b64encode(f"{self.account_sid}:{self.auth_token}".encode()).decode()
        if not request.path.startswith("/_fake/") and request.headers.get("Authorization") != f"Basic {pair}":
            return _refusal(401, "Authenticate", code=20003)
        answer: web.StreamResponse = await handler(request)
        return answer

    # --- numbers ---

    async def search(self, request: web.Request) -> web.Response:
        if request.match_info["country"] != "US" or request.match_info["kind"] != "Local":
            return _refusal(404, "The requested resource was not found", code=20404)
        query = request.query
        taken = {number["phone_number"] for number in self.numbers.values()}
        digits = query.get("Contains", "").replace("*", "").removeprefix("+")
        found = [
            number
            for number in SHELF
            if number not in taken and digits in number and number[2:].startswith(query.get("AreaCode", ""))
        ]
        shown = [_available(number) for number in found[: int(query.get("PageSize", "50"))]]
        return web.json_response({"available_phone_numbers": shown, "uri": request.path})

    async def buy(self, request: web.Request) -> web.Response:
        form = await request.post()
        number = str(form.get("PhoneNumber", ""))
        owned = next((each for each in self.numbers.values() if each["phone_number"] == number), None)
        if number in MAGIC or (request[HOW] == How.REFUSE):
            code, words = MAGIC.get(number, (21422, "is not available"))
            return _refusal(400, f"{number} {words}", code=code)
        if owned is None and number not in SHELF:
            return _refusal(400, f"{number} is not available", code=21422)
        if owned is None:
            owned = _bought(number)
            self.numbers[owned["sid"]] = owned
        _write(owned, dict(form))
        return web.json_response(owned, status=201)

    async def list_numbers(self, request: web.Request) -> web.Response:
        number, name = request.query.get("PhoneNumber", ""), request.query.get("FriendlyName")
        found = [
            each
            for each in self.numbers.values()
            if number in ("", each["phone_number"]) and name in (None, each["friendly_name"])
        ]
        size, page = int(request.query.get("PageSize", "50")), int(request.query.get("Page", "0"))
        more = f"{request.path}?Page={page + 1}" if len(found) > (page + 1) * size else None
        part = found[page * size : (page + 1) * size]
        return web.json_response({"incoming_phone_numbers": part, "next_page_uri": more})

    async def get_number(self, request: web.Request) -> web.Response:
        number = self.numbers.get(request.match_info["sid"])
        return web.json_response(number) if number else _refusal(404, "not found", code=20404)

    async def change_number(self, request: web.Request) -> web.Response:
        number = self.numbers.get(request.match_info["sid"])
        if number is None:
            return _refusal(404, "The requested resource was not found", code=20404)
        _write(number, dict(await request.post()))
        return web.json_response(number)

    async def delete_number(self, request: web.Request) -> web.Response:
        if self.numbers.pop(request.match_info["sid"], None) is None:
            return _refusal(404, "The requested resource was not found", code=20404)
        return web.Response(status=204)

    # --- messages and webhooks ---

    async def send_message(self, request: web.Request) -> web.Response:
        form = await request.post()
        owned = any(each["phone_number"] == form["From"] for each in self.numbers.values())
        if not owned or request[HOW] == How.REFUSE:
            return _refusal(400, f"The From phone number {form.get('From')!s} is not valid", code=21606)
        message = {
            "sid": "SM" + uuid4().hex,
            "account_sid": self.account_sid,
            "from": form["From"],
            "to": form["To"],
            "body": form.get("Body", ""),
            "media": [str(url) for url in form.getall("MediaUrl", [])],
            "status": "queued",
            "status_callback": str(form.get("StatusCallback", "")),
        }
        self.messages.append(message)
        self.postman.follow(partial(self.report, message))
        return web.json_response(message, status=201)

    async def report(self, message: Record, status: str, *, error: str = "") -> None:
        """Tell what became of a message: `sent`, `delivered`, `undelivered`."""
        message["status"] = status
        fields = {
            "MessageSid": message["sid"],
            "SmsSid": message["sid"],
            "AccountSid": self.account_sid,
            "From": message["from"],
            "To": message["to"],
            "MessageStatus": status,
            "SmsStatus": status,
            "ApiVersion": "2010-04-01",
        }
        await self.tell(message["status_callback"], fields | ({"ErrorCode": error} if error else {}))

    async def inbound(self, request: web.Request) -> web.Response:
        """`POST /_fake/inbound {"from", "to", "text", "media": []}`: somebody writes to a number of the account."""
        wanted = await request.json()
        sid = "SM" + uuid4().hex
        media = wanted.get("media", [])
        fields = {
            "MessageSid": sid,
            "SmsSid": sid,
            "SmsMessageSid": sid,
            "AccountSid": self.account_sid,
            "From": wanted["from"],
            "To": wanted["to"],
            "Body": wanted.get("text", ""),
            "NumMedia": str(len(media)),
            "NumSegments": "1",
            "ApiVersion": "2010-04-01",
        }
        for n, url in enumerate(media):
            fields |= {f"MediaUrl{n}": url, f"MediaContentType{n}": "image/png"}
        owned = next((each for each in self.numbers.values() if each["phone_number"] == wanted["to"]), None)
        if owned is None or not owned["sms_url"]:
            return _refusal(404, f"{wanted['to']} has no SmsUrl", code=20404)
        await self.tell(owned["sms_url"], fields)
        return web.json_response({"sid": sid})

    async def tell(self, url: str, fields: dict[str, str], *, signed_as: str = "") -> None:
        """Send a signed form; `signed_as` is the address that is signed, where it is another one than is called."""
        if not url:
            return
        text = (signed_as or url) + "".join(name + fields[name] for name in sorted(fields))
        signature = base64.b64encode(hmac.digest(self.auth_token.encode(), text.encode(), "sha1")).decode()
        headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature}
        await self.postman.send(url, urlencode(fields).encode(), headers)

    async def set_webhooks(self, request: web.Request) -> web.Response:
        """`PUT /_fake/webhooks {"copies", "reports": ["sent", "delivered"]}`."""
        return web.json_response(self.postman.set(await request.json()))

    async def state(self, request: web.Request) -> web.Response:
        told = [{"url": url, "status": status} for url, status in self.postman.sent]
        kept = {"numbers": list(self.numbers.values()), "messages": self.messages, "webhooks": told}
        return web.json_response(json.loads(json.dumps(kept)))


_WRITABLE = {
    "FriendlyName": "friendly_name",
    "VoiceUrl": "voice_url",
    "SmsUrl": "sms_url",
    "SmsMethod": "sms_method",
    "SmsApplicationSid": "sms_application_sid",
    "TrunkSid": "trunk_sid",
    "BundleSid": "bundle_sid",
    "AddressSid": "address_sid",
}


def _write(number: Record, form: dict[str, Any]) -> None:
    number.update({_WRITABLE[name]: str(value) for name, value in form.items() if name in _WRITABLE})


def _bought(number: str) -> Record:
    return {
        "sid": "PN" + uuid4().hex,
        "phone_number": number,
        "friendly_name": number,
        "capabilities": {"voice": True, "sms": True, "mms": True, "fax": False},
        "address_requirements": "none",
        "emergency_status": "Inactive",
        "emergency_address_status": "unregistered",
        "status": "in-use",
        "voice_url": "",
        "sms_url": "",
        "sms_method": "POST",
        "sms_application_sid": "",
        "trunk_sid": "",
        "bundle_sid": "",
        "address_sid": "",
    }


def _available(number: str) -> Record:
    return {
        "phone_number": number,
        "friendly_name": number,
        "iso_country": "US",
        "region": "NY",
        "locality": "New York",
        "postal_code": "10001",
        "latitude": "40.7128",
        "longitude": "-74.0060",
        "capabilities": {"voice": True, "SMS": True, "MMS": True, "fax": False},
        "address_requirements": "none",
        "beta": False,
    }


def _refusal(status: int, words: str, *, code: int = 20500) -> web.Response:
    shown = {
        "code": code,
        "message": words,
        "status": status,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
    }
    return web.json_response(shown, status=status)
