"""Extensions: phones that may register with a name and a password."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from dialplane.domain.calling.media import CODECS, SrtpPolicy
from dialplane.domain.errors import Invalid
from dialplane.domain.ids import AccountId, ExtensionId, OrganizationId
from dialplane.domain.numbering.number_settings import Fetch

_NAME = re.compile(r"[A-Za-z0-9_.+]{1,64}")

LONGEST_PASSWORD = 128
LONGEST_NAME = 255
LONGEST_DETAIL = 4096


@dataclass(frozen=True, slots=True)
class Extension:
    """One phone's user name and password. The password is kept readable: digest authentication needs it."""

    id: ExtensionId
    account_id: AccountId
    organization_id: OrganizationId
    extension: str
    password: str = field(repr=False)
    created_at: datetime
    name: str = ""
    detail: str = ""
    direct_hash: str = ""
    is_enabled: bool = True
    """A disabled one may neither register nor call nor be called."""
    voice: Fetch = field(default_factory=Fetch)
    """What runs when it places a call, whatever was dialled; with neither URL nor application: nothing does."""
    is_push_enabled: bool = False
    srtp: SrtpPolicy = SrtpPolicy.OPTIONAL
    codecs: tuple[str, ...] = ()
    """As `MediaProfile` has both."""
    updated_at: datetime | None = None
    deleted_at: datetime | None = None


def check_extension(*, extension: str, password: str, name: str, detail: str) -> None:
    """Raises Invalid naming the field that does not hold to the limits."""
    if not _NAME.fullmatch(extension):
        raise Invalid(
            "extension must be 1 to 64 letters, digits, dots, underscores or plus signs: no spaces, brackets, hyphens",
            field="extension",
        )
    if not 1 <= len(password) <= LONGEST_PASSWORD:
        raise Invalid(f"password must have 1 to {LONGEST_PASSWORD} characters", field="password")
    if len(name) > LONGEST_NAME:
        raise Invalid(f"name may have {LONGEST_NAME} characters at most", field="name")
    if len(detail) > LONGEST_DETAIL:
        raise Invalid(f"detail may have {LONGEST_DETAIL} characters at most", field="detail")


def read_srtp(text: str, *, field: str = "srtp") -> SrtpPolicy:
    """Raises Invalid naming the field."""
    try:
        return SrtpPolicy(text)
    except ValueError:
        raise Invalid("srtp is off, optional or required", field=field) from None


def read_codecs(names: Sequence[str], *, field: str = "codecs") -> tuple[str, ...]:
    """In their order, each once. Raises Invalid naming the field."""
    wanted = tuple(dict.fromkeys(name.upper() for name in names))
    if not set(wanted) <= set(CODECS):
        raise Invalid(f"codecs are some of {', '.join(CODECS)}", field=field)
    return wanted
