"""Commands that reach others without a call: messages, e-mails, assistants, the tenant's servers, other flows; and what
comes of them."""

from typing import Literal
from uuid import UUID

from dialplane.domain.addresses import Address
from dialplane.domain.programs.sources import StatusCallback
from dialplane.domain.values import dataclass


@dataclass(frozen=True, slots=True)
class SendMessage:
    """Send a message. `source` None means the number that this run belongs to. → `MessageQueued`, or `Failed`"""

    source: Address | None
    destinations: tuple[Address, ...]
    text: str
    media_urls: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    """`X-` headers of a SIP MESSAGE."""
    status: StatusCallback | None = None
    wait: bool = False
    """Go on only when it is handed over; `Failed` where it cannot be."""


@dataclass(frozen=True, slots=True)
class SendToConversation:
    """A reply in one of the account's conversations, from its number to its peer. → `Done`, or `Failed`"""

    conversation_id: UUID
    text: str
    wait: bool = False
    """As in `SendMessage`."""


@dataclass(frozen=True, slots=True)
class SendEmail:
    """→ `EmailKept`, or `Failed`"""

    destinations: tuple[Address, ...]
    subject: str
    content: str
    recording_ids: tuple[UUID, ...] = ()
    """Attached."""
    sender: str = ""


@dataclass(frozen=True, slots=True)
class Converse:
    """Leave the talk to an assistant behind a port. → `Conversed` when it is over, or `Failed`"""

    kind: Literal["talk", "task", "summary", "end"]
    """`end`: the talk `conversation_id` is over."""
    assistance_type: str = ""
    assistance_id: UUID | None = None
    duration_s: int = 0
    language: str = ""
    reference_type: str = ""
    reference_id: UUID | None = None
    text: str = ""
    """What the other party wrote, where it did."""
    turns: tuple[tuple[Literal["user", "assistant"], str], ...] = ()
    """What was said before."""
    member_id: UUID | None = None
    """Who of a team is to answer; None: whoever begins."""
    conversation_id: UUID | None = None
    """The talk that it belongs to; None: it begins one."""
    goes_on: bool = False
    """More turns may follow."""


@dataclass(frozen=True, slots=True)
class OpenCase:
    """Open a case for the contact. → `CaseOpened`, or `Failed`"""

    name: str
    detail: str = ""
    note: str = ""
    wait: bool = True


@dataclass(frozen=True, slots=True)
class FetchDocument:
    """Ask the tenant's server, within `timeout_s` and 64 KiB (WH-5). → `Fetched`, or `Failed`

    `form` goes into the query of a GET, else into the body, form-encoded. `signed` adds Twilio's signature.
    """

    url: str
    method: str = "POST"
    body: str = ""
    content_type: str = "application/json"
    form: tuple[tuple[str, str], ...] = ()
    signed: bool = False
    timeout_s: float = 15.0


@dataclass(frozen=True, slots=True)
class SendWebhook:
    """Send `body` to `url`. With `wait` False it goes through the guarded client in the background. → `Fetched` where
    `wait`, else `Done`; `Failed` where the URL is refused or nothing answered."""

    url: str
    method: str = "POST"
    body: str = ""
    content_type: str = "application/json"
    wait: bool = False
    form: tuple[tuple[str, str], ...] = ()
    """As in `FetchDocument`."""
    signed: bool = False


@dataclass(frozen=True, slots=True)
class WriteNotification:
    """Note a fault of the tenant's application where its owner looks for it (Restcomm reference 4.9). → `Done`"""

    error_code: int
    message: str
    is_error: bool = True
    request_url: str = ""
    request_method: str = ""
    request_variables: str = ""
    response_headers: str = ""
    response_body: str = ""


@dataclass(frozen=True, slots=True)
class LoadFlow:
    """The actions of another flow of the same account. → `FlowLoaded`, or `Failed`"""

    flow_id: UUID


# --- results -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MessageQueued:
    """The message is kept and goes out; what becomes of it is told by its status callback."""

    message_id: UUID


@dataclass(frozen=True, slots=True)
class CaseOpened:
    case_id: UUID


@dataclass(frozen=True, slots=True)
class EmailKept:
    """The e-mail is on its way, or in the outbox; `warning` says where it will stay there."""

    email_id: UUID
    warning: str = ""


@dataclass(frozen=True, slots=True)
class Conversed:
    """What the assistant said last, or the summary; `warning` where none is configured and ours answered."""

    conversation_id: UUID
    text: str = ""
    model: str = ""
    warning: str = ""
    is_over: bool = False
    """The assistant took its leave."""
    member_id: UUID | None = None
    """Who of a team said it."""
    voice_id: str = ""
    """With which voice; empty: any of the language."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """`status` is the HTTP status, `body` at most 64 KiB of text."""

    status: int
    body: str
    content_type: str = ""
    url: str = ""
    """Where the answer came from, after redirects."""
    headers: tuple[tuple[str, str], ...] = ()
    """The answer's `X-` headers."""


@dataclass(frozen=True, slots=True)
class FlowLoaded:
    actions: tuple[dict[str, object], ...]
    on_complete_flow_id: UUID | None = None
