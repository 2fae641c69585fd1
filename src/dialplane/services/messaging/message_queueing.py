"""Messages on their way into the queue, by one transaction: judged, kept and told of in a dozen statements, however
many they are."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from dialplane.domain.charging.tariffs import priced_number
from dialplane.domain.errors import Invalid, LimitExceeded, Refusal
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import AccountId, ConversationId, MessageId, new_id
from dialplane.domain.messaging.messages import (
    LOOP_WINDOW,
    Conversation,
    Message,
    TargetStatus,
    is_loop,
)
from dialplane.services.eventing.events import publish
from dialplane.services.idempotency import key_reused
from dialplane.services.messaging.media import note_media
from dialplane.services.messaging.message_judging import Desk, Draft, Wish, each_of, open_desk, read_draft, remaining
from dialplane.services.messaging.message_store import NewMessage
from dialplane.services.messaging.messages import (
    MessageRequest,
    conversation_events,
    conversation_party,
    tell_statuses,
)
from dialplane.services.shapes.messages import message_shape
from dialplane.services.transaction import Transaction


async def queue_message(tx: Transaction, account_id: AccountId, request: MessageRequest, now: datetime) -> Message:
    """As `outbound_messages.send_message`, inside the caller's transaction."""
    [outcome] = await queue_many(tx, [Wish(account_id, request, now)])
    if isinstance(outcome, Refusal):
        raise outcome
    return outcome


async def queue_many(tx: Transaction, wishes: Sequence[Wish]) -> list[Message | Refusal]:
    """The message of each, queued, or why it is not sent; the checks come in the documented order.

    Raises LimitExceeded where a run's message goes round in a loop (SMS-7): such messages come alone.
    """
    drafts = [Draft(wish) for wish in wishes]
    await _find_known(tx, drafts)
    await each_of(drafts, lambda draft: read_draft(tx, draft))
    if left := remaining(drafts):
        desk = await open_desk(tx, left)
        await each_of(left, desk.judge)
        await desk.screen(remaining(left))
        await _write(tx, desk, remaining(left))
    return [(draft.same_as or draft).settled() for draft in drafts]


async def _find_known(tx: Transaction, drafts: Sequence[Draft]) -> None:
    """The second message of a key is the first one. Answers are kept a day, and messages for longer: a client's key
    that comes again with another message is refused, and nothing is lost in silence (API-1)."""
    keys = [draft.wish.key for draft in drafts if draft.wish.key is not None]
    found = {message.key: message for message in await tx.messages.find_by_keys(keys)} if keys else {}
    first: dict[str, Draft] = {}
    for draft in drafts:
        if not draft.wish.request.destinations:
            draft.refusal = Invalid("destinations must not be empty", field="destinations")
        elif (key := draft.wish.key) is not None:
            draft.message = found.get(key)
            draft.is_known = draft.message is not None
            if draft.message is not None and not _is_of(draft.message, draft.wish.request):
                draft.refusal = key_reused()
            draft.same_as = first.get(key)
            first.setdefault(key, draft)


def _is_of(message: Message, request: MessageRequest) -> bool:
    """Whether the request asks for this message. A run's is the one of its step, whatever it says."""
    if request.run_id is not None:
        return True
    asked = [priced_number(destination.target) for destination in request.destinations]
    sent = [target.destination.target for target in message.targets]
    return (message.text, sent, message.medias) == (request.text.replace("\0", ""), asked, request.medias)


async def _write(tx: Transaction, desk: Desk, drafts: Sequence[Draft]) -> None:
    if not drafts:
        return
    rows, told = await _enter(tx, drafts)
    added = await tx.messages.add_many(rows)
    for draft, row in zip(drafts, rows, strict=True):
        if row.message.id not in added:
            desk.give_back(draft)
            draft.message, draft.is_known = await tx.messages.find_by_key(row.message.key or "") or row.message, True
    new = remaining(drafts)
    messages = [row.message for row in rows if row.message.id in added]
    for message in messages:
        await note_media(tx, message, message.created_at)
    async with tx.together() as batch:
        await batch.ledger.add_holds([hold for draft in new for hold in draft.holds])
        await batch.ledger.save_purses(desk.purses.values())
        await publish(batch, *(event for message in messages for event in told[message.id]))
    changed = [(message, target) for message in messages for target in message.targets]
    await tell_statuses(tx, changed, max(draft.wish.now for draft in drafts))


async def _enter(
    tx: Transaction, drafts: Sequence[Draft]
) -> tuple[list[NewMessage], Mapping[MessageId, Sequence[Event]]]:
    """The messages with their conversations, which are made where there are none, and what tells of each."""
    opening: dict[tuple[AccountId, str, str], Conversation] = {}
    for draft in drafts:
        for conversation in _conversations(draft):
            opening.setdefault(_pair(conversation), conversation)
    opened = dict(zip(opening, await tx.messages.open_conversations(list(opening.values())), strict=True))
    rows, told = [], {}
    for draft in drafts:
        assert draft.message is not None  # it is paid for
        message, conversations = draft.message, []
        events = [_event(message, "message_created", message_shape(message))]
        for target, wanted in zip(message.targets, _conversations(draft), strict=True):
            conversation, made = opened[_pair(wanted)], opening.pop(_pair(wanted), None)
            is_new = made is not None and made.id == conversation.id
            if message.run_id is not None and not is_new:
                await _stop_loops(tx, conversation, message.created_at)
            conversations.append(conversation.id)
            events += conversation_events(message, conversation, target, message.created_at, is_new=is_new)
        rows.append(NewMessage(message, conversations, [each.due_at for each in draft.screened]))
        told[message.id] = [*events, *_told_of_held(message)]
    return rows, told


def _conversations(draft: Draft) -> list[Conversation]:
    """One for each receiver, as it begins."""
    message = draft.message
    assert message is not None  # it is paid for
    own, now = conversation_party(message.source), message.created_at
    return [
        Conversation(ConversationId(new_id(now)), message.account_id, own, conversation_party(target.destination), now)
        for target in message.targets
    ]


def _pair(conversation: Conversation) -> tuple[AccountId, str, str]:
    return conversation.account_id, conversation.own.target, conversation.peer.target


def _told_of_held(message: Message) -> list[Event]:
    """That an operator must look at the message first, where that is so."""
    held = next((target for target in message.targets if target.status is TargetStatus.HELD), None)
    return [] if held is None else [_event(message, "message_held", message_shape(message) | {"reason": held.reason})]


def _event(message: Message, name: str, shown: Mapping[str, object]) -> Event:
    return Event(message.account_id, name, message.id, shown, message.created_at, run_id=message.run_id)


async def _stop_loops(tx: Transaction, conversation: Conversation, now: datetime) -> None:
    """SMS-7: an auto-reply to an auto-reply ends."""
    if is_loop(await tx.messages.count_from_runs(conversation.id, since=now - LOOP_WINDOW)):
        raise LimitExceeded(
            f"{conversation.own.target} and {conversation.peer.target} answer each other in a loop; stopped",
            reason="RATE_LIMIT_EXCEEDED",
        )
