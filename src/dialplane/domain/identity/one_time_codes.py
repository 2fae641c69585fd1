"""One-time codes of authenticator apps (RFC 6238: HMAC-SHA-1, 6 digits, 30 seconds), and recovery codes beside them."""

import base64
import hashlib
import hmac
import re
import struct
from urllib.parse import quote

STEP_S = 30
DIGITS = 6
SECRET_OCTETS = 20
RECOVERY_CODES = 10

_CODE = re.compile(r"[0-9]{6}")
_RECOVERY = re.compile(r"[a-z2-7]{16}")


def totp(secret: bytes, step: int, *, digits: int = DIGITS) -> str:
    """The code of the time step (RFC 4226 section 5.3)."""
    digest = hmac.new(secret, struct.pack(">Q", step), hashlib.sha1).digest()
    offset = digest[-1] & 0xF
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFF_FFFF
    return str(number % 10**digits).zfill(digits)


def matching_step(secret: bytes, code: str, unix_s: float, *, after: int) -> int | None:
    """The time step whose code this is: the current one, or one before or behind it (clocks differ). Only steps later
    than `after` count, so that each code is good once; None where none fits."""
    current = int(unix_s // STEP_S)
    typed = "".join(code.split())
    if not _CODE.fullmatch(typed):
        return None
    for step in (current, current - 1, current + 1):
        if step > after and hmac.compare_digest(totp(secret, step), typed):
            return step
    return None


def otpauth_uri(secret: bytes, *, issuer: str, account: str) -> str:
    """What an authenticator app reads from the QR code."""
    label = f"{quote(issuer)}:{quote(account)}"
    return f"otpauth://totp/{label}?secret={show_secret(secret)}&issuer={quote(issuer)}&digits={DIGITS}&period={STEP_S}"


def show_secret(secret: bytes) -> str:
    """Base 32, for those who type it."""
    return base64.b32encode(secret).decode().rstrip("=")


def show_recovery_code(octets: bytes) -> str:
    """Ten random octets as four groups of letters and digits."""
    text = base64.b32encode(octets).decode().lower()
    return "-".join(text[at : at + 4] for at in range(0, 16, 4))


def read_recovery_code(text: str) -> str | None:
    """The code without its dashes; None where it is none."""
    plain = re.sub(r"[\s-]", "", text).lower()
    return plain if _RECOVERY.fullmatch(plain) else None
