"""Telnyx's webhooks: Ed25519 over `timestamp|body`, and the events that concern us.

The signature covers no address, so no proxy can break it. Telnyx's own SDK expects other headers than Telnyx sends
(reference `user-asks.md` 28); what is checked here is what the documentation says.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from dialplane.adapters.carriers.api import counted_parts, list_at, shown, text_at
from dialplane.domain.errors import Invalid
from dialplane.domain.ids import find_uuid
from dialplane.domain.messaging.messages import TargetStatus
from dialplane.domain.supply.carrier_accounts import CarrierAccount
from dialplane.services.messaging.inbound_messages import InboundMessage
from dialplane.services.supply.carrier_news import (
    News,
    OrderMoved,
    PortMoved,
    SignatureRefused,
    TextArrived,
    TextWent,
    WebhookRequest,
)

SIGNATURE, TIMESTAMP = "telnyx-signature-ed25519", "telnyx-timestamp"
TOLERANCE = timedelta(minutes=5)
_MOST_MEDIA = 10

_STATUSES = {
    "delivered": TargetStatus.DELIVERED,
    "sending_failed": TargetStatus.FAILED,
    "delivery_failed": TargetStatus.UNDELIVERED,
}
"""Those that are final; `delivery_unconfirmed` says nothing, and the message stays sent."""


class TelnyxInbox:
    """Fulfils `services.supply.carrier_news.CarrierInbox`."""

    def __init__(self, account: CarrierAccount) -> None:
        self._account = account

    @property
    def carrier(self) -> str:
        return self._account.name

    def read(self, request: WebhookRequest, now: datetime) -> Sequence[News]:
        self._verify(request, now)
        try:
            event = msgspec.json.decode(request.body)
        except msgspec.DecodeError as fault:
            raise Invalid("The body is no JSON", reason="INVALID_ARGUMENT", field="body") from fault
        data = event.get("data") if isinstance(event, Mapping) else None
        # An order's own notification carries the order without an envelope in some versions.
        kind = text_at(data, "event_type")
        payload = data.get("payload", data) if isinstance(data, Mapping) else None
        if kind == "message.received":
            return [self._arrived(payload)] if text_at(payload, "direction") in ("", "inbound") else []
        if kind in ("message.sent", "message.finalized"):
            return [_went(payload)]
        reference = find_uuid(text_at(payload, "customer_reference"))
        if reference is None:
            return []
        if kind.startswith("porting_order."):
            return [PortMoved(reference)]
        return [OrderMoved(reference)] if "number_order" in kind else []

    def record(self, request: WebhookRequest) -> str:
        try:
            return shown(msgspec.json.decode(request.body))
        except msgspec.DecodeError:
            return ""

    def _verify(self, request: WebhookRequest, now: datetime) -> None:
        """Raises SignatureRefused: closed on every failure."""
        if not self._account.signing_key:
            raise SignatureRefused("no signing_key is set: put Telnyx's public key into the carrier account")
        signature, timestamp = request.headers.get(SIGNATURE, ""), request.headers.get(TIMESTAMP, "")
        for name, value in ((SIGNATURE, signature), (TIMESTAMP, timestamp)):
            if not value:
                raise SignatureRefused(f"the header {name} is missing: a proxy must pass it on")
        if not (timestamp.isascii() and timestamp.isdigit()) or len(timestamp) > 12:
            raise SignatureRefused(f"the header {TIMESTAMP} is no time in seconds")
        age = now.timestamp() - int(timestamp)
        if abs(age) > TOLERANCE.total_seconds():
            raise SignatureRefused(
                f"it was signed {abs(age):.0f} seconds {'ago' if age > 0 else 'ahead'}, and five minutes are the most: "
                "look at this machine's clock"
            )
        try:
            key = Ed25519PublicKey.from_public_bytes(base64.b64decode(self._account.signing_key, validate=True))
        except (ValueError, binascii.Error) as fault:
            raise SignatureRefused("signing_key is no public key of Ed25519 in base64") from fault
        try:
            key.verify(base64.b64decode(signature, validate=True), f"{timestamp}|".encode() + request.body)
        except (ValueError, binascii.Error) as fault:
            raise SignatureRefused(f"the header {SIGNATURE} is no base64") from fault
        except InvalidSignature as fault:
            raise SignatureRefused(
                "the signature does not fit: signing_key is another account's, or something on the way changed the body"
            ) from fault

    def _arrived(self, payload: object) -> TextArrived:
        media = [text_at(each, "url") for each in list_at(payload, "media")]
        return TextArrived(
            InboundMessage(
                text_at(payload, "from", "phone_number"),
                text_at(next(iter(list_at(payload, "to")), None), "phone_number"),
                text_at(payload, "text"),
                tuple(url for url in media if url)[:_MOST_MEDIA],
                carrier=self._account.name,
                carrier_id=text_at(payload, "id"),
                parts=counted_parts(payload.get("parts") if isinstance(payload, Mapping) else None),
            )
        )


_ERRORS = {
    "40001": 30006,  # not routable: a landline or an unreachable carrier
    "40002": 30007,  # blocked as spam, for a while
    "40003": 30007,  # and for good
    "40004": 30004,  # rejected by the receiver's side
    "40005": 30003,  # expired on its way
    "40006": 30003,  # the receiver's server is not there
    "40008": 30008,
    "40012": 30005,  # no such number
    "40300": 21610,  # the receiver has opted out
}
"""Telnyx's codes of undelivered messages in Twilio's catalogue."""


def _went(payload: object) -> TextWent:
    first = next(iter(list_at(payload, "to")), None)
    fault = next(iter(list_at(payload, "errors")), None)
    reference = next((found for tag in list_at(payload, "tags") if (found := find_uuid(str(tag)))), None)
    return TextWent(
        text_at(payload, "id"),
        reference,
        _STATUSES.get(text_at(first, "status"), TargetStatus.SENT),
        (text_at(fault, "detail") or text_at(fault, "title"))[:255],
        _ERRORS.get(text_at(fault, "code"), 0),
    )
