"""Twilio's request signature, by which a tenant's server knows that a request comes from us (carriers reference b)."""

import base64
import hashlib
import hmac
from collections.abc import Iterable

HEADER = "X-Twilio-Signature"


def request_signature(auth_token: str, url: str, form: Iterable[tuple[str, str]] = ()) -> str:
    """The value of the header for a request to `url`, query included; `form` is what its body holds, form-encoded."""
    signed = url + "".join(name + value for name, value in sorted(form))
    return base64.b64encode(hmac.digest(auth_token.encode(), signed.encode(), hashlib.sha1)).decode()
