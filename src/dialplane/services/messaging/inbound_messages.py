"""A message's way in: whose number it came to, whether it is let in, what it starts (DESIGN section 6)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from dialplane.domain.addresses import Address, tel
from dialplane.domain.calling.routing import Considered, Origin, Refused, RouteDecision, Verdict, decide, forms
from dialplane.domain.charging.ledger import Charge
from dialplane.domain.charging.ledger import ReferenceType as LedgerReference
from dialplane.domain.charging.rating import DEFAULT_RATES, CostType, Rate
from dialplane.domain.errors import Refusal
from dialplane.domain.eventing.events import Event
from dialplane.domain.flows.facts import conversation_facts, run_facts
from dialplane.domain.flows.flow import Flow, flow_for
from dialplane.domain.flows.run import ReferenceType, Run, RunStatus
from dialplane.domain.ids import FlowId, MessageId, OrganizationId, RunId, new_id
from dialplane.domain.messaging.messages import (
    Conversation,
    Direction,
    Message,
    MessageExtras,
    Target,
    TargetStatus,
    check_text,
)
from dialplane.domain.messaging.segments import count_segments
from dialplane.domain.numbering.numbers import Number
from dialplane.domain.numbering.targets import FlowTarget, HookTarget
from dialplane.domain.programs.commands import WriteNotification
from dialplane.domain.programs.sources import API_VERSION, RESTCOMM_VERSION
from dialplane.domain.tenancy.accounts import Account
from dialplane.services.calling.arrivals import SANDBOX_COUNTRY
from dialplane.services.calling.call_documents import find_message_document
from dialplane.services.charging.ledger import charge
from dialplane.services.charging.rates import tariff_of
from dialplane.services.eventing.events import publish
from dialplane.services.messaging.consent import hear
from dialplane.services.messaging.media import note_media
from dialplane.services.messaging.message_hooks import hand_over
from dialplane.services.messaging.message_store import MessageDocument, RunRequest
from dialplane.services.messaging.messages import MessageRequest, enter_conversation, inbound_key, queue_message
from dialplane.services.messaging.smpp_deliveries import deliver_inbound
from dialplane.services.numbering.organization_numbers import Inquiry, find_channel, find_inside
from dialplane.services.programs.notifications import note
from dialplane.services.programs.runs import create_runs
from dialplane.services.shapes.calls import route_shape
from dialplane.services.shapes.messages import message_shape
from dialplane.services.transaction import Database, Transaction

NO_SMS_URL = 12003

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """A message as a carrier or a SIP peer brings it."""

    source: str
    destination: str
    text: str
    medias: tuple[str, ...] = ()
    carrier: str = "sandbox"
    carrier_id: str = ""
    """The bringer's own id: the second one of an id is the first one's message. Empty: it has none."""
    origin: Origin = Origin.PSTN
    domain: str | None = None
    """Host of the request URI, lower case; None: a carrier brings it, which knows none."""
    organization_id: OrganizationId | None = None
    """Of the sender, where it is an extension of ours."""
    headers: tuple[tuple[str, str], ...] = ()
    """`X-` headers of the SIP MESSAGE."""


@dataclass(frozen=True, slots=True)
class MessageRefused:
    """Why it was not let in: `refused` for machines, `reason` for a person."""

    refused: Refused
    reason: str


async def receive_message(database: Database, inbound: InboundMessage, now: datetime) -> Message | MessageRefused:
    """Keep the message, charge it, tell of it and queue the run of its number's flow; or refuse it with the reason.

    Raises Invalid where the text is too long or there is nothing in it.
    """
    async with database.transaction() as tx:
        return await receive_in(tx, inbound, now)


async def receive_in(tx: Transaction, inbound: InboundMessage, now: datetime) -> Message | MessageRefused:
    """As `receive_message`, inside the caller's transaction."""
    text = check_text(inbound.text, inbound.medias)
    decision, account, rate = await _decide(tx, inbound, count_segments(text).count)
    if decision.verdict is Verdict.REFUSE or decision.number is None or account is None:
        await _tell_refusal(tx, inbound, decision, account, now)
        return MessageRefused(decision.refused, decision.reason)
    return await _let_in(tx, inbound, text, decision.number, decision, rate, now)


async def _decide(tx: Transaction, inbound: InboundMessage, parts: int) -> tuple[RouteDecision, Account | None, Rate]:
    """What to do with it, whose it is, and what one of its `parts` costs."""
    tried = forms(inbound.destination, SANDBOX_COUNTRY)
    numbers = {number.number: number for number in await tx.numbers.find_live(list(tried))}
    inside = () if numbers else await _find_inside(tx, inbound, tried)
    chosen = next((numbers[form] for form in tried if form in numbers), None) or _number_of(inside)
    found = [*numbers.values(), *([chosen] if chosen else [])]
    accounts = {account_id: await tx.accounts.get(account_id) for account_id in {each.account_id for each in found}}
    rate, can_pay = DEFAULT_RATES[CostType.SMS], True
    if chosen is not None:
        purse = (await tx.ledger.lock_purses([chosen.account_id]))[chosen.account_id]
        rate = (await tariff_of(tx, chosen.account_id, chosen.number)).rate(CostType.SMS, chosen.number)
        can_pay = purse.covers(rate.split(parts, 0))
    decision = decide(
        "message",
        inbound.destination,
        tried,
        origin=inbound.origin,
        numbers=numbers,
        accounts=accounts,
        can_pay=can_pay,
        inside=inside,
    )
    return decision, accounts[chosen.account_id] if chosen else None, rate


async def _find_inside(tx: Transaction, inbound: InboundMessage, tried: tuple[str, ...]) -> tuple[Considered, ...]:
    if inbound.domain is None:
        return await find_channel(tx, inbound.destination, tried)
    inquiry = Inquiry(inbound.destination, tried, inbound.domain, inbound.organization_id)
    (considered,) = await find_inside(tx, [inquiry])
    return considered


def _number_of(inside: Sequence[Considered]) -> Number | None:
    return next((each.number for each in inside if each.number), None)


async def _tell_refusal(
    tx: Transaction, inbound: InboundMessage, decision: RouteDecision, account: Account | None, now: datetime
) -> None:
    log.info("message_refused", refused=decision.refused.value, to=decision.normalized, carrier=inbound.carrier)
    if account is not None:
        refused_id = new_id(now)
        data = {
            "id": str(refused_id),
            "customer_id": str(account.id),
            "source": {"type": "tel", "target": inbound.source[:128]},
            "destination": {"type": "tel", "target": decision.normalized},
            "reason": decision.refused.value,
            "message": decision.reason,
            "route": route_shape(decision),
        }
        await publish(tx, Event(account.id, "message_refused", refused_id, data, now))


async def _let_in(
    tx: Transaction,
    inbound: InboundMessage,
    text: str,
    number: Number,
    decision: RouteDecision,
    rate: Rate,
    now: datetime,
) -> Message:
    target = Target(tel(decision.normalized), TargetStatus.RECEIVED, count_segments(text).count, now)
    message = Message(
        MessageId(new_id(now)),
        number.account_id,
        Direction.INBOUND,
        _party(inbound.source),
        (target,),
        text,
        now,
        medias=inbound.medias,
        number_id=number.id,
        key=f"in:{inbound.carrier}:{inbound.carrier_id}"[:300] if inbound.carrier_id else None,
        raw_source=inbound.source[:255],
        raw_destination=inbound.destination[:255],
        extras=MessageExtras(headers=inbound.headers) if inbound.headers else None,
    )
    conversation, told = await enter_conversation(tx, message, target.destination, target, now)
    if not await tx.messages.add(message, [conversation.id], due_at=[now]):
        return await tx.messages.find_by_key(message.key or "") or message
    await note_media(tx, message, now)
    await charge(tx, message.account_id, _price(message, target, rate, now), now)
    await publish(tx, Event(message.account_id, "message_created", message.id, message_shape(message), now), *told)
    heard = await hear(tx, message, number, now)
    if heard is not None and heard.answer:
        await _answer(tx, message, conversation, heard.answer, now)
    if isinstance(decision.target, FlowTarget):
        # A word of consent is not for flows, which would answer it once more; nor is what a person answers.
        if heard is None and conversation.owner_id is None:
            await _start_run(tx, message, conversation, FlowId(decision.target.flow_id), now)
    elif isinstance(decision.target, HookTarget):
        await hand_over(tx, message, conversation, decision.target, now)
    else:
        await _start_document(tx, message, conversation, number, heard.wish if heard else "", now)
    return message


async def _answer(tx: Transaction, message: Message, conversation: Conversation, answer: str, now: datetime) -> None:
    """Tell who spoke of consent what became of it. What was said holds, whether or not the answer can be paid."""
    extras = MessageExtras(origin="reply", past_consent=True)
    request = MessageRequest(conversation.own, (conversation.peer,), answer, key=f"consent:{message.id}", extras=extras)
    try:
        await queue_message(tx, message.account_id, request, now)
    except Refusal as refusal:
        log.info("consent_answer_refused", message_id=str(message.id), reason=refusal.reason)


def _party(raw: str) -> Address:
    """The sender in its normal form where it has one; short codes and names stay as they came."""
    normal = forms(raw, SANDBOX_COUNTRY)
    return tel(normal[0] if normal and normal[0].startswith("+") else raw[:128])


def _price(message: Message, target: Target, rate: Rate, now: datetime) -> Charge:
    return Charge(
        key=inbound_key(message.id),
        rate=rate,
        units=target.parts,
        reference_type=LedgerReference.SMS,
        reference_id=message.id,
        started_at=now,
        ended_at=now,
    )


async def _start_run(
    tx: Transaction, message: Message, conversation: Conversation, flow_id: FlowId, now: datetime
) -> None:
    flow = await tx.flows.find(message.account_id, flow_id)
    if flow is None:
        log.warning("message_flow_missing", message_id=str(message.id), flow_id=str(flow_id))
        return
    flow = flow_for(flow, message.id)
    run = _run(message, conversation, flow, now)
    await create_runs(tx, run)
    await tx.messages.add_run_request(
        RunRequest(run.id, message.account_id, flow.id, conversation.own.target), due_at=now
    )


async def _start_document(
    tx: Transaction,
    message: Message,
    conversation: Conversation,
    number: Number,
    wish: str,
    now: datetime,
) -> None:
    """Queue the run of the number's document or application. Where there is none, the account's systems that bind by
    SMPP get it; where there are none of those either, that is noted (reference 6.3)."""
    document = await find_message_document(tx, number)
    if document is None and await deliver_inbound(tx, message, now):
        return
    if document is None:
        wrong = WriteNotification(NO_SMS_URL, f"{number.number} has no address for messages", is_error=False)
        version = number.settings.api_version or RESTCOMM_VERSION
        await note(tx, message.account_id, wrong, call_id=None, api_version=version, now=now)
        return
    source, api_version = document
    run = _run(message, conversation, None, now)
    run = replace(run, variables={**run.variables, API_VERSION: api_version})
    await create_runs(tx, run)
    request = RunRequest(
        run.id,
        message.account_id,
        None,
        conversation.own.target,
        MessageDocument(source, message.id, api_version, wish),
    )
    await tx.messages.add_run_request(request, due_at=now)


def _run(message: Message, conversation: Conversation, flow: Flow | None, now: datetime) -> Run:
    run_id = RunId(new_id(now))
    facts = run_facts(
        run_id,
        reference_type=ReferenceType.CONVERSATION.value,
        reference_id=conversation.id,
        flow_id=flow.id if flow else None,
    )
    facts |= conversation_facts(
        conversation.id, message.id, own=conversation.own, peer=conversation.peer, text=message.text
    )
    return Run(
        id=run_id,
        account_id=message.account_id,
        status=RunStatus.RUNNING,
        reference_type=ReferenceType.CONVERSATION,
        created_at=now,
        flow_id=flow.id if flow else None,
        flow_version=flow.version if flow else 0,
        is_canary=flow is not None and flow.is_canary,
        reference_id=conversation.id,
        on_complete_flow_id=flow.on_complete_flow_id if flow else None,
        variables=facts,
    )
