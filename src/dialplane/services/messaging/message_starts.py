"""What a message starts that came in: its number's flow, document or hook; and the answer to a word of consent."""

from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from dialplane.domain.errors import Refusal
from dialplane.domain.flows.facts import conversation_facts, run_facts
from dialplane.domain.flows.flow import Flow, flow_for
from dialplane.domain.flows.run import ReferenceType, Run, RunStatus
from dialplane.domain.ids import AccountId, FlowId, RunId, new_id
from dialplane.domain.messaging.messages import Conversation, Message, MessageExtras
from dialplane.domain.numbering.numbers import Number
from dialplane.domain.numbering.targets import FlowTarget, HookTarget, MessageTarget
from dialplane.domain.programs.commands import WriteNotification
from dialplane.domain.programs.sources import API_VERSION, RESTCOMM_VERSION
from dialplane.services.calling.call_documents import find_message_document
from dialplane.services.messaging.message_hooks import HandedOver, hand_over
from dialplane.services.messaging.message_queueing import queue_message
from dialplane.services.messaging.message_store import MessageDocument, RunRequest
from dialplane.services.messaging.messages import MessageRequest
from dialplane.services.messaging.smpp_deliveries import deliver_inbound
from dialplane.services.programs.notifications import note
from dialplane.services.programs.runs import create_runs
from dialplane.services.transaction import Transaction

NO_SMS_URL = 12003

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Entered:
    """A message that was let in, where it belongs, and what its number runs."""

    message: Message
    conversation: Conversation
    number: Number
    target: MessageTarget
    now: datetime


async def answer_wish(tx: Transaction, entered: Entered, answer: str) -> None:
    """Tell who spoke of consent what became of it. What was said holds, whether or not the answer can be paid."""
    message, conversation = entered.message, entered.conversation
    extras = MessageExtras(origin="reply", past_consent=True)
    request = MessageRequest(conversation.own, (conversation.peer,), answer, key=f"consent:{message.id}", extras=extras)
    try:
        await queue_message(tx, message.account_id, request, entered.now)
    except Refusal as refusal:
        log.info("consent_answer_refused", message_id=str(message.id), reason=refusal.reason)


class Starts:
    """What the messages of one transaction start. Runs and what goes to hooks are kept and written together."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._runs: list[Run] = []
        self._requests: list[tuple[RunRequest, datetime]] = []
        self._handed: list[HandedOver] = []
        self._flows: dict[tuple[AccountId, FlowId], Flow | None] = {}

    async def start(self, entered: Entered, wish: str) -> None:
        """`wish`: what the message was found to say about consent; empty: nothing."""
        if isinstance(entered.target, FlowTarget):
            # A word of consent is not for flows, which would answer it once more; nor is what a person answers.
            if not wish and entered.conversation.owner_id is None:
                await self._start_flow(entered, FlowId(entered.target.flow_id))
        elif isinstance(entered.target, HookTarget):
            self._handed.append(HandedOver(entered.message, entered.conversation, entered.target, entered.now))
        else:
            await self._start_document(entered, wish)

    async def write(self) -> None:
        """To be called once, at the end."""
        await hand_over(self._tx, self._handed)
        if self._runs:
            await create_runs(self._tx, *self._runs)
            await self._tx.messages.add_run_requests(self._requests)

    async def _start_flow(self, entered: Entered, flow_id: FlowId) -> None:
        message = entered.message
        key = (message.account_id, flow_id)
        if key not in self._flows:
            self._flows[key] = await self._tx.flows.find(*key)
        flow = self._flows[key]
        if flow is None:
            log.warning("message_flow_missing", message_id=str(message.id), flow_id=str(flow_id))
            return
        flow = flow_for(flow, message.id)
        run = _run(message, entered.conversation, flow, entered.now)
        self._queue(run, RunRequest(run.id, message.account_id, flow.id, entered.conversation.own.target), entered.now)

    async def _start_document(self, entered: Entered, wish: str) -> None:
        """Queue the run of the number's document or application. Where there is none, the account's systems that bind
        by SMPP get it; where there are none of those either, that is noted (reference 6.3)."""
        message, number, now = entered.message, entered.number, entered.now
        document = await find_message_document(self._tx, number)
        if document is None and await deliver_inbound(self._tx, message, now):
            return
        if document is None:
            wrong = WriteNotification(NO_SMS_URL, f"{number.number} has no address for messages", is_error=False)
            version = number.settings.api_version or RESTCOMM_VERSION
            await note(self._tx, message.account_id, wrong, call_id=None, api_version=version, now=now)
            return
        source, api_version = document
        run = _run(message, entered.conversation, None, now)
        run = replace(run, variables={**run.variables, API_VERSION: api_version})
        program = MessageDocument(source, message.id, api_version, wish)
        own = entered.conversation.own.target
        self._queue(run, RunRequest(run.id, message.account_id, None, own, program), now)

    def _queue(self, run: Run, request: RunRequest, now: datetime) -> None:
        self._runs.append(run)
        self._requests.append((request, now))


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
