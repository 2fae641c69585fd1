"""Twilio's webhooks: HMAC over the address as Twilio called it, and the events that concern us.

The address is the one that the operator set: what a proxy made of scheme, host and port does not matter, and no header
of the request is believed (reference `user-asks.md` G).
"""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import parse_qsl, urlsplit, urlunsplit
from uuid import UUID

from dialplane.adapters.carriers.api import counted_parts, shown
from dialplane.adapters.carriers.twilio.credentials import auth_token
from dialplane.domain.errors import Invalid
from dialplane.domain.ids import find_uuid
from dialplane.domain.messaging.messages import TargetStatus
from dialplane.domain.rcml.forms import twilio_signature
from dialplane.domain.supply.carrier_accounts import CarrierAccount
from dialplane.services.messaging.inbound_messages import InboundMessage
from dialplane.services.supply.carrier_news import News, SignatureRefused, TextArrived, TextWent, WebhookRequest

SIGNATURE = "x-twilio-signature"
_MOST_MEDIA = 10
_MOST_FIELDS = 500
_DEFAULT_PORTS = {"http": 80, "https": 443}

_STATUSES = {
    "delivered": TargetStatus.DELIVERED,
    "undelivered": TargetStatus.UNDELIVERED,
    "failed": TargetStatus.FAILED,
}

Form = list[tuple[str, str]]


class TwilioInbox:
    """Fulfils `services.supply.carrier_news.CarrierInbox`."""

    def __init__(self, account: CarrierAccount) -> None:
        self._account = account

    @property
    def carrier(self) -> str:
        return self._account.name

    def read(self, request: WebhookRequest, now: datetime) -> Sequence[News]:
        form = _form(request)
        self._verify(request, form)
        fields = dict(form)
        message = fields.get("MessageSid") or fields.get("SmsSid") or ""
        if fields.get("AccountSid", self._account.account_sid) != self._account.account_sid:
            raise Invalid("AccountSid is another account's", reason="INVALID_ARGUMENT", field="AccountSid")
        if request.path == "/status" and message:
            return [self._went(fields, message, request.query)]
        return [self._arrived(fields, message)] if request.path == "/messages" and message else []

    def record(self, request: WebhookRequest) -> str:
        return shown(dict(_form(request)))

    def _verify(self, request: WebhookRequest, form: Form) -> None:
        """Raises SignatureRefused: closed on every failure."""
        token = auth_token(self._account)
        if not token:
            raise SignatureRefused("no signing_key is set: put Twilio's auth token into the carrier account")
        signature = request.headers.get(SIGNATURE, "")
        if not signature:
            raise SignatureRefused("the header X-Twilio-Signature is missing: a proxy must pass it on")
        hashes = [value for name, value in parse_qsl(request.query) if name == "bodySHA256"]
        signed: Form = [] if hashes else form
        url = f"{self._account.webhook_base}{request.path}{'?' if request.query else ''}{request.query}"
        fitting = [
            hmac.compare_digest(twilio_signature(token, each, signed), _ascii(signature)) for each in _spellings(url)
        ]
        if not any(fitting):
            raise SignatureRefused(
                f"the signature does not fit {url.partition('?')[0]}: the auth token is another account's, or Twilio "
                "called another address, which public_url must be"
            )
        if hashes and not hmac.compare_digest(hashlib.sha256(request.body).hexdigest(), _ascii(hashes[0].lower())):
            raise SignatureRefused("bodySHA256 does not fit: something on the way changed the body")

    def _arrived(self, fields: dict[str, str], message: str) -> TextArrived:
        count = fields.get("NumMedia", "0")
        most = min(int(count), _MOST_MEDIA) if count.isascii() and count.isdigit() and len(count) < 6 else 0
        media = [fields.get(f"MediaUrl{n}", "") for n in range(most)]
        return TextArrived(
            InboundMessage(
                fields.get("From", ""),
                fields.get("To", ""),
                fields.get("Body", ""),
                tuple(url for url in media if url),
                carrier=self._account.name,
                carrier_id=message,
                parts=counted_parts(fields.get("NumSegments")),
            )
        )

    def _went(self, fields: dict[str, str], message: str, query: str) -> TextWent:
        status = fields.get("MessageStatus") or fields.get("SmsStatus") or ""
        reason = fields.get("ErrorMessage") or (f"error {code}" if (code := fields.get("ErrorCode")) else "")
        went = _STATUSES.get(status, TargetStatus.SENT)
        return TextWent(message, _reference(query), went, reason[:255], _error_code(fields.get("ErrorCode", "")))


def _error_code(text: str) -> int:
    """Of five digits, as all are; 0 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) == 5 else 0


def _form(request: WebhookRequest) -> Form:
    """The fields of the body. Raises Invalid where they are too many."""
    if "json" in request.headers.get("content-type", ""):
        return []
    try:
        return parse_qsl(request.body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError as fault:
        raise Invalid("The body is no form", reason="INVALID_ARGUMENT", field="body") from fault


def _spellings(url: str) -> tuple[str, ...]:
    """The address with the scheme's own port and without: Twilio's callers differ."""
    parts = urlsplit(url)
    port, host = _DEFAULT_PORTS[parts.scheme], parts.hostname or ""
    if parts.port not in (None, port):
        return (url,)
    bare = f"[{host}]" if ":" in host else host
    return tuple(urlunsplit(parts._replace(netloc=netloc)) for netloc in (parts.netloc, bare, f"{bare}:{port}"))


def _ascii(text: str) -> str:
    """`compare_digest` takes no other text."""
    return text.encode("ascii", errors="replace").decode()


def _reference(query: str) -> UUID | None:
    return find_uuid(dict(parse_qsl(query)).get("reference", ""))
