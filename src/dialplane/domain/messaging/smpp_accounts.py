"""Accounts' ways in by SMPP: who may bind, how fast, and what reaches it."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from dialplane.domain.errors import Invalid
from dialplane.domain.ids import AccountId, SmppAccountId

MOST_ACCOUNTS = 100
PASSWORD_LENGTH = 8
"""All that SMPP 3.4 has room for (5.2.2)."""
DEFAULT_RATE, MOST_RATE = 100, 10_000
DEFAULT_WINDOW, MOST_WINDOW = 10, 1_000
DEFAULT_SESSIONS, MOST_SESSIONS = 4, 50
LONGEST_NAME = 255
LONGEST_DETAIL = 4096

_SYSTEM_ID = re.compile(r"[A-Za-z0-9_.-]{3,15}")


class LongMessages(StrEnum):
    """How a text that no single short message holds is handed over."""

    UDH = "udh"
    """In parts, each with a header before its text (3GPP TS 23.040)."""
    PAYLOAD = "payload"
    """Whole, in `message_payload`."""
    SAR = "sar"
    """In parts, which parameters of their own number."""


@dataclass(frozen=True, slots=True)
class SmppAccount:
    """A system that binds to us, with a name and a password of its own, for one account."""

    id: SmppAccountId
    account_id: AccountId
    system_id: str
    """No other live one of the platform has it."""
    password_hash: str = field(repr=False)
    created_at: datetime
    name: str = ""
    detail: str = ""
    rate: int = DEFAULT_RATE
    """Messages a second; those beyond are answered with ESME_RTHROTTLED."""
    window: int = DEFAULT_WINDOW
    """Requests of one session, each way, that may wait for their answer."""
    max_sessions: int = DEFAULT_SESSIONS
    inbound: bool = True
    """Whether messages to numbers of the account that have no target of their own go to it."""
    long_messages: LongMessages = LongMessages.UDH
    updated_at: datetime | None = None
    deleted_at: datetime | None = None


def check_smpp_account(account: SmppAccount) -> None:
    """Raises Invalid naming the field."""
    if not _SYSTEM_ID.fullmatch(account.system_id):
        raise Invalid("system_id must be 3 to 15 letters, digits, dots, underscores or hyphens", field="system_id")
    if len(account.name) > LONGEST_NAME:
        raise Invalid(f"name may have {LONGEST_NAME} characters at most", field="name")
    if len(account.detail) > LONGEST_DETAIL:
        raise Invalid(f"detail may have {LONGEST_DETAIL} characters at most", field="detail")
    for name, most in (("rate", MOST_RATE), ("window", MOST_WINDOW), ("max_sessions", MOST_SESSIONS)):
        if not 1 <= getattr(account, name) <= most:
            raise Invalid(f"{name} is 1 to {most}", field=name)
