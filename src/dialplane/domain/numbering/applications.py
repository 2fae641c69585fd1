"""Applications: addresses of documents under a name, which numbers point at instead of having addresses of their own.

Restcomm's applications have one address (`rcml_url`) and say what it is for (`kind`); Twilio's have one for each thing
that may arrive. Both are the same applications here: what a dialect did not write is worked out from what was.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from dialplane.domain.errors import Invalid
from dialplane.domain.ids import AccountId, ApplicationId, NumberId

Method = Literal["GET", "POST"]

LONGEST_NAME = 64
LONGEST_URL = 2048
LONGEST_VERSION = 16
MOST_APPLICATIONS = 1000
"""Of one account; Twilio's limit."""


class ApplicationKind(StrEnum):
    ANY = ""
    VOICE = "voice"
    SMS = "sms"
    USSD = "ussd"


@dataclass(frozen=True, slots=True)
class Script:
    """Where a document is fetched from, and where if that fails."""

    url: str = ""
    method: Method = "POST"
    fallback_url: str = ""
    fallback_method: Method = "POST"


NO_SCRIPT = Script()


@dataclass(frozen=True, slots=True)
class Application:
    """One application of one account."""

    id: ApplicationId
    account_id: AccountId
    name: str
    created_at: datetime
    kind: ApplicationKind = ApplicationKind.ANY
    """What `rcml_url` is for."""
    rcml_url: str = ""
    api_version: str = ""
    """"" is the version of the dialect that asks."""
    caller_id_lookup: bool = False
    public_connect: bool = False
    """Whether others may connect to it by its sid (Twilio)."""
    voice: Script = NO_SCRIPT
    sms: Script = NO_SCRIPT
    ussd: Script = NO_SCRIPT
    status_url: str = ""
    status_method: Method = "POST"
    sms_status_url: str = ""
    message_status_url: str = ""
    updated_at: datetime | None = None
    deleted_at: datetime | None = None

    def script(self, kind: ApplicationKind) -> Script:
        """What runs for a call (`voice`, also for a transfer), a message or a USSD session; without a URL: nothing.

        The address that was written for just that goes before the one for everything.
        """
        own = {ApplicationKind.SMS: self.sms, ApplicationKind.USSD: self.ussd}.get(kind, self.voice)
        if own.url or self.kind not in (kind, ApplicationKind.ANY):
            return own
        return Script(self.rcml_url, own.method, own.fallback_url, own.fallback_method)

    @property
    def main_url(self) -> str:
        """The one address that Restcomm shows: the written one, else that of its kind, else of calls."""
        kind = self.kind if self.kind is not ApplicationKind.ANY else ApplicationKind.VOICE
        return self.rcml_url or self.script(kind).url


@dataclass(frozen=True, slots=True)
class AttachedNumber:
    """A number that points at an application, and what for."""

    id: NumberId
    number: str
    name: str
    application_id: ApplicationId
    for_voice: bool
    for_messages: bool
    for_transfers: bool
    for_ussd: bool


def check_application(application: Application) -> None:
    """Raises Invalid naming the field."""
    if not 1 <= len(application.name) <= LONGEST_NAME:
        raise Invalid(f"name has 1 to {LONGEST_NAME} characters", reason="INVALID_ARGUMENT", field="name")
    if len(application.api_version) > LONGEST_VERSION:
        raise Invalid(
            f"api_version has at most {LONGEST_VERSION} characters", reason="INVALID_ARGUMENT", field="api_version"
        )
    for field, url in _urls(application):
        if len(url) > LONGEST_URL:
            raise Invalid(f"{field} has at most {LONGEST_URL} characters", reason="URL_INVALID", field=field)


def _urls(application: Application) -> list[tuple[str, str]]:
    scripts = (("voice", application.voice), ("sms", application.sms), ("ussd", application.ussd))
    return [
        ("rcml_url", application.rcml_url),
        ("status_url", application.status_url),
        ("sms_status_url", application.sms_status_url),
        ("message_status_url", application.message_status_url),
        *((f"{name}_url", script.url) for name, script in scripts),
        *((f"{name}_fallback_url", script.fallback_url) for name, script in scripts),
    ]
