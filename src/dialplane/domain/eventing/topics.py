"""Topics of the event websocket: `customer_id:<id>:<resource>[:<resource_id>]`, `agent_id:<id>:…` (reference 8.3)."""

from dataclasses import dataclass
from uuid import UUID

from dialplane.domain.errors import Invalid
from dialplane.domain.identity.visitors import Visitor
from dialplane.domain.ids import NIL, AccountId, EventId
from dialplane.domain.tenancy.accounts import Principal

MAX_TOPIC = 200
_OWNERS = ("customer_id", "agent_id")
_SAID_IN = {
    "aicall": ("aimessage",),
    "chat": ("chatmessage", "chatparticipant"),
    "webchat_session": ("webchat",),
}
"""What happens in a conversation, by the conversation's own kind."""


@dataclass(frozen=True, slots=True)
class FedEvent:
    """One event as followers get it."""

    id: EventId
    account_id: AccountId
    type: str
    resource: str
    resource_id: UUID
    owner_id: UUID
    """The agent that the resource belongs to; the nil UUID where to none."""
    message: bytes
    """As it is sent: a webhook's body, and the event's id."""
    conversation_id: UUID = NIL
    """The conversation that the resource was said in; the nil UUID where in none."""
    member_ids: tuple[UUID, ...] = ()
    """Agents who are told, beside the one that the resource belongs to: those who were in the chat then."""


@dataclass(frozen=True, slots=True)
class Topic:
    """The events of an account's, or of an agent's, resources; of a kind where `resource` is given, of one where
    `resource_id` is."""

    owner: str
    owner_id: UUID
    resource: str = ""
    resource_id: str = ""

    @classmethod
    def parse(cls, text: str) -> "Topic":
        """Raises Invalid."""
        owner, _, rest = text[:MAX_TOPIC].partition(":")
        owner_id, _, rest = rest.partition(":")
        resource, _, resource_id = rest.partition(":")
        if owner not in _OWNERS or ":" in resource_id or len(text) > MAX_TOPIC:
            raise Invalid("A topic is customer_id:<id>:<resource> or agent_id:<id>:<resource>", field="topics")
        try:
            return cls(owner, UUID(owner_id), resource, resource_id.lower())
        except ValueError:
            raise Invalid(f"{owner_id[:40]} is no id", field="topics") from None

    def account_for(self, principal: Principal) -> AccountId | None:
        """The account whose events may be followed by it; None where this one may not.

        A customer's topics are for its managers and admins, an agent's for that agent, all of them for the operator; a
        visitor's is the one that names the visitor's conversation.
        """
        if principal.visitor is not None:
            return principal.account_id if self == self._of_visitor(principal.account_id, principal.visitor) else None
        if self.owner == "agent_id":
            return principal.account_id if principal.agent_id == self.owner_id else None
        is_own = principal.account_id in (self.owner_id, NIL)
        return AccountId(self.owner_id) if is_own and principal.is_manager else None

    def takes(self, event: FedEvent) -> bool:
        """Whether the event is of this topic; what is left out stands for all. The topic of one conversation takes what
        is said in it too."""
        told = (event.account_id,) if self.owner == "customer_id" else (event.owner_id, *event.member_ids)
        if self.owner_id not in told:
            return False
        if self.resource_id and event.resource in _SAID_IN.get(self.resource, ()):
            return self.resource_id in (str(event.conversation_id), str(event.resource_id))
        return self.resource in ("", event.resource) and self.resource_id in ("", str(event.resource_id))

    @classmethod
    def _of_visitor(cls, account_id: AccountId, visitor: Visitor) -> "Topic":
        return cls("customer_id", account_id, visitor.conversation_type, str(visitor.conversation_id))
