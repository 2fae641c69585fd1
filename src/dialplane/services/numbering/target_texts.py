"""Targets as one line of text, as forms for many numbers and files of numbers write them.

| Text | What calls or messages run |
|---|---|
| `none` | nothing |
| `flow:` and an id or a name | one of the account's flows |
| `application:` and an id or a name | one of its applications |
| `users:ann,bob` | calls only: app users |
| `pstn:+12125550123` | calls only: another number |
| `sip:192.0.2.1:5060` | calls only: a SIP server |
| `document:POST https://...` | an XML document; `GET` or `POST`, which may be left out |
| `hook:POST https://...` | messages only: VoxCPaaS's hook |

An address alone is a document for calls and a hook for messages.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, assert_never
from uuid import UUID

from dialplane.domain.addresses import normalize_tel
from dialplane.domain.errors import Invalid
from dialplane.domain.ids import AccountId
from dialplane.domain.numbering.forwarding import read_sip_server
from dialplane.domain.numbering.targets import (
    ApplicationTarget,
    DocumentTarget,
    FlowTarget,
    ForwardTarget,
    HookTarget,
    MessageTarget,
    VoiceTarget,
)
from dialplane.services.eventing.webhooks import check_url
from dialplane.services.transaction import Transaction

NONE = "none"
LONGEST = 2200
MOST_USERS = 50
MOST_NAMED = 1000
"""Flows and applications that are known by name: the newest. The others are known by their ids."""

_LONGEST_USER = 255
_ADDRESS = re.compile(r"(?:(GET|POST)\s+)?(https?://\S+)", re.IGNORECASE)

Method = Literal["GET", "POST"]


@dataclass(frozen=True, slots=True)
class Named:
    """The account's flows and applications by their names."""

    flows: Mapping[str, UUID] = field(default_factory=dict)
    applications: Mapping[str, UUID] = field(default_factory=dict)


async def load_named(tx: Transaction, account_id: AccountId) -> Named:
    """Of several of one name the newest."""
    flows = await tx.flows.list_for(account_id, before=None, limit=MOST_NAMED)
    applications, _ = await tx.applications.query(account_id, name="", offset=0, limit=MOST_NAMED)
    return Named(
        {flow.name: flow.id for flow in reversed(flows) if flow.name},
        {each.name: each.id for each in applications if each.name},
    )


def read_voice(text: str, named: Named, *, field: str) -> VoiceTarget:
    """Raises Invalid naming the field."""
    kind, rest = _parts(text, field)
    match kind:
        case "none":
            return None
        case "flow":
            return FlowTarget(_id(rest, named.flows, "flow", field))
        case "application":
            return ApplicationTarget(_id(rest, named.applications, "application", field))
        case "users":
            return ForwardTarget(users=_users(rest, field))
        case "pstn":
            return ForwardTarget(pstn=normalize_tel(rest, field=field))
        case "sip":
            return ForwardTarget(sip=read_sip_server(rest, field=field))
        case "document" | "":
            return DocumentTarget(*_address(rest, field))
    raise _unknown(text, field)


def read_message(text: str, named: Named, *, field: str) -> MessageTarget:
    """Raises Invalid naming the field."""
    kind, rest = _parts(text, field)
    match kind:
        case "none":
            return None
        case "flow":
            return FlowTarget(_id(rest, named.flows, "flow", field))
        case "application":
            return ApplicationTarget(_id(rest, named.applications, "application", field))
        case "document":
            return DocumentTarget(*_address(rest, field))
        case "hook" | "":
            return HookTarget(*_address(rest, field))
    raise _unknown(text, field)


def write_target(target: VoiceTarget | MessageTarget) -> str:
    """What the functions above read; of a document what is fetched first."""
    match target:
        case None:
            return NONE
        case FlowTarget(flow_id):
            return f"flow:{flow_id}"
        case ApplicationTarget(application_id):
            return f"application:{application_id}"
        case ForwardTarget(users=users) if users:
            return f"users:{','.join(users)}"
        case ForwardTarget(pstn=pstn) if pstn:
            return f"pstn:{pstn}"
        case ForwardTarget(sip=sip):
            return f"sip:{sip}"
        case DocumentTarget(url, method):
            return f"document:{method} {url}"
        case HookTarget(url, method):
            return f"hook:{method} {url}"
        case _:
            assert_never(target)


def _parts(text: str, field: str) -> tuple[str, str]:
    """The word before the colon in lower case, and the rest; of an address alone, "" and the address."""
    text = text.strip()
    if len(text) > LONGEST:
        raise Invalid(f"{field} has {LONGEST} characters at most", reason="INVALID_ARGUMENT", field=field)
    if text.lower() == NONE:
        return NONE, ""
    if _ADDRESS.fullmatch(text):
        return "", text
    kind, _, rest = text.partition(":")
    return kind.strip().lower() or "?", rest.strip()


def _id(text: str, known: Mapping[str, UUID], what: str, field: str) -> UUID:
    """By name first: a name may look like anything."""
    if text in known:
        return known[text]
    try:
        return UUID(text)
    except ValueError:
        says = f"there is no {what} called {text[:80]!r}"
        raise Invalid(says, reason="INVALID_ARGUMENT", field=field) from None


def _users(text: str, field: str) -> tuple[str, ...]:
    users = tuple(dict.fromkeys(user for part in text.split(",") if (user := part.strip())))
    if not 1 <= len(users) <= MOST_USERS or not all(map(is_app_user, users)):
        raise Invalid(f"{field}: app users are 1 to {MOST_USERS} names", reason="INVALID_ARGUMENT", field=field)
    return users


def is_app_user(name: str) -> bool:
    """Whether a number may forward to somebody of this name."""
    return 1 <= len(name) <= _LONGEST_USER and name.isprintable() and "," not in name


def _address(text: str, field: str) -> tuple[str, Method]:
    found = _ADDRESS.fullmatch(text)
    try:
        if found is None:
            raise ValueError(text)
        check_url(found[2])
    except (ValueError, Invalid):
        says = f"{field}: enter an http or https address, such as POST https://example.com/answer"
        raise Invalid(says, reason="INVALID_ARGUMENT", field=field) from None
    return found[2], "GET" if (found[1] or "").upper() == "GET" else "POST"


def _unknown(text: str, field: str) -> Invalid:
    says = f"{field}: {text[:40]!r} is none of none, flow:, application:, users:, pstn:, sip:, document: or hook:"
    return Invalid(says, reason="INVALID_ARGUMENT", field=field)
