"""Signed values in forms: the CSRF token of a browser's cookie (WEB-5), and the time at which a form was handed out."""

import hmac
import secrets
from hashlib import sha256

LONGEST_FORM_S = 12 * 3600


def new_visitor() -> str:
    """The cookie of somebody who is not signed in; nothing is kept of it here."""
    return secrets.token_urlsafe(32)


def csrf_token(secret: bytes, cookie: str) -> str:
    return _sign(secret, "csrf", cookie)


def is_csrf_token(secret: bytes, cookie: str, token: str) -> bool:
    return bool(cookie) and hmac.compare_digest(csrf_token(secret, cookie).encode(), token.encode())


def stamp(secret: bytes, now_s: float) -> str:
    """The time, to the tenth of a second, for a hidden field."""
    tenths = str(int(now_s * 10))
    return f"{tenths}.{_sign(secret, 'stamp', tenths)}"


def age_of(secret: bytes, text: str, now_s: float) -> float | None:
    """How many seconds ago the form was handed out; None where it was not by us, or too long ago."""
    tenths, _, signature = text.partition(".")
    if not hmac.compare_digest(_sign(secret, "stamp", tenths).encode(), signature.encode()):
        return None
    age = now_s - int(tenths) / 10
    return age if age <= LONGEST_FORM_S else None


def _sign(secret: bytes, purpose: str, text: str) -> str:
    return hmac.new(secret, f"{purpose}:{text}".encode(), sha256).hexdigest()
