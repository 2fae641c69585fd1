"""Messages to phones of the account (`client:alice`; Restcomm reference 4.7): free of charge, by SIP MESSAGE to where
the phone is registered. The voice node that it registered with sends them, and records the phone's answer.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dialplane.domain.addresses import PHONE, Address
from dialplane.domain.errors import Invalid
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import AccountId, CallId, ExtensionId, MessageId, new_id
from dialplane.domain.messaging.messages import Direction, Message, Target, TargetStatus, check_text
from dialplane.domain.messaging.segments import count_segments
from dialplane.services.calling.calls import NodeCommand
from dialplane.services.calling.registrations import Subscriber
from dialplane.services.calling.ways import find_extension
from dialplane.services.eventing.events import publish
from dialplane.services.messaging.message_sending import Accepted, HandedOn, Rejected, Submission, answer_in
from dialplane.services.messaging.message_store import NewMessage, QueuedTarget
from dialplane.services.messaging.messages import (
    MessageRequest,
    check_standing,
    enter_conversation,
    own_number,
    tell_statuses,
)
from dialplane.services.messaging.outbound_messages import send_message
from dialplane.services.shapes.messages import message_shape
from dialplane.services.transaction import Database, Transaction

ORDER = "text"
_UNREACHABLE, _UNKNOWN = 30003, 30008


@dataclass(frozen=True, slots=True)
class TextOrder:
    """What a voice node is to send. It names the target whose answer it brings."""

    message_id: MessageId
    account_id: AccountId
    position: int
    parts: int
    extension_id: ExtensionId
    source: str
    text: str
    headers: tuple[tuple[str, str], ...] = ()


async def send_to_anybody(database: Database, account_id: AccountId, request: MessageRequest, now: datetime) -> Message:
    """As `send_message`, and to one phone of the account by its name. Raises what that does."""
    if not any(each.type == PHONE for each in request.destinations):
        return await send_message(database, account_id, request, now)
    async with database.transaction() as tx:
        return await queue_for_phone(tx, account_id, request, now)


async def queue_for_phone(tx: Transaction, account_id: AccountId, request: MessageRequest, now: datetime) -> Message:
    """A message to one phone of the account, which costs nothing. Raises Invalid, NotPermitted."""
    if len(request.destinations) != 1:
        raise Invalid("A message to a phone has no other receiver", field="destinations")
    key = None if request.key is None else f"{account_id}:{request.key}"
    if key is not None and (known := await tx.messages.find_by_key(key)) is not None:
        return known
    [destination] = request.destinations
    text = check_text(request.text, request.medias)
    account = await tx.accounts.get(account_id)
    check_standing(account)
    phone = await _phone(tx, account_id, destination.target, field="destinations[0]")
    if request.source.type == PHONE:
        source = Address(PHONE, (await _phone(tx, account_id, request.source.target, field="source")).extension)
    else:
        source = Address("tel", (await own_number(tx, account, request.source, inside=True)).number)
    target = Target(Address(PHONE, phone.extension), TargetStatus.QUEUED, count_segments(text).count, now)
    message = Message(
        MessageId(new_id(now)),
        account_id,
        Direction.OUTBOUND,
        source,
        (target,),
        text,
        now,
        medias=request.medias,
        run_id=request.run_id,
        key=key,
        extras=request.extras,
    )
    conversation, told = await enter_conversation(tx, message, source, target, now)
    if not await tx.messages.add_many([NewMessage(message, [conversation.id], [now])]):
        return await tx.messages.find_by_key(key or "") or message
    created = Event(account_id, "message_created", message.id, message_shape(message), now, run_id=request.run_id)
    await publish(tx, created, *told)
    await tell_statuses(tx, [(message, target)], now)
    return message


async def _phone(tx: Transaction, account_id: AccountId, name: str, *, field: str) -> Subscriber:
    found = await find_extension(tx, account_id, name)
    if found is None:
        reason = "SOURCE_NOT_OWNED" if field == "source" else "TO_INVALID"
        raise Invalid(f"{name} is no phone of the account", reason=reason, field=field)
    return found


async def hand_to_phone(
    database: Database, submission: Submission, queued: QueuedTarget, now: datetime
) -> HandedOn | Rejected:
    """Order it from the node that the phone registered with last; rejected where it is registered nowhere."""
    async with database.transaction() as tx:
        phone = await find_extension(tx, queued.account_id, submission.destination.target)
        bindings = [] if phone is None else await tx.registrations.bindings(phone.extension_id, now)
        if phone is None or not bindings:
            return Rejected(f"{submission.destination.target} is registered nowhere", _UNREACHABLE)
        node = max(bindings, key=lambda each: each.expires_at).node
        payload = {
            "message_id": str(queued.message_id),
            "account_id": str(queued.account_id),
            "position": queued.position,
            "parts": queued.parts,
            "extension_id": str(phone.extension_id),
            "source": submission.source.target,
            "text": "\n".join((submission.text, *submission.medias)) if submission.medias else submission.text,
            "headers": [list(each) for each in submission.headers],
        }
        command = NodeCommand(new_id(now), node, CallId(queued.message_id), ORDER, payload, now)
        await tx.calls.post_commands([command])
    return HandedOn()


async def note_phone_answer(database: Database, order: TextOrder, status: int, now: datetime) -> None:
    """What the phone answered: the message is sent with a 2xx, failed with anything else."""
    answer: Accepted | Rejected
    if 200 <= status < 300:
        answer = Accepted(f"sip:{order.message_id}")
    else:
        code = _UNREACHABLE if status in (404, 408, 430, 480, 503) else _UNKNOWN
        answer = Rejected(f"the phone answers {status}", code)
    async with database.transaction() as tx:
        await answer_in(tx, order, answer, now)


def read_order(command: NodeCommand) -> TextOrder:
    """As it was posted."""
    payload = command.payload
    headers = payload["headers"]
    assert isinstance(headers, list)
    return TextOrder(
        MessageId(UUID(str(payload["message_id"]))),
        AccountId(UUID(str(payload["account_id"]))),
        int(str(payload["position"])),
        int(str(payload["parts"])),
        ExtensionId(UUID(str(payload["extension_id"]))),
        str(payload["source"]),
        str(payload["text"]),
        tuple((str(name), str(value)) for name, value in headers),
    )
