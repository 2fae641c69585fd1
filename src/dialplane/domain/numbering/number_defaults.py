"""What a project's numbers do that have no target of their own (VoxCPaaS 3.5: a SIP trunk for calls, a URL for texts).

Kept with the account, so that a number bought later has them too, and a call costs no look-up more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from dialplane.domain.numbering.numbers import Number, NumberKind
from dialplane.domain.numbering.targets import ForwardTarget, HookTarget, MessageTarget, VoiceTarget
from dialplane.domain.tenancy.accounts import Account

KEPT_AS = "number_defaults"
"""In the account's metadata."""


@dataclass(frozen=True, slots=True)
class NumberDefaults:
    sip: str = ""
    """`host:port` of the SIP server that calls go to; "" is none."""
    message_url: str = ""
    message_method: Literal["GET", "POST"] = "POST"


NOTHING = NumberDefaults()


def defaults_of(metadata: Mapping[str, object]) -> NumberDefaults:
    kept = metadata.get(KEPT_AS)
    return NumberDefaults(**kept) if isinstance(kept, dict) else NOTHING


def target_of(kind: Literal["call", "message"], number: Number, account: Account) -> VoiceTarget | MessageTarget:
    """The number's own target; where it has none, its project's."""
    own = number.targets.voice if kind == "call" else number.targets.message
    if own is not None or KEPT_AS not in account.metadata or not _is_dialled(number):
        return own
    defaults = defaults_of(account.metadata)
    if kind == "call":
        return ForwardTarget(sip=defaults.sip) if defaults.sip else None
    return HookTarget(defaults.message_url, defaults.message_method) if defaults.message_url else None


def _is_dialled(number: Number) -> bool:
    """Short codes and patterns are an organization's own arrangement."""
    return number.kind.is_ordinary or number.kind is NumberKind.VIRTUAL
