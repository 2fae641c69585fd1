"""Ready flows, made for an account in one go."""

from datetime import datetime

from dialplane.domain.errors import Invalid
from dialplane.domain.flows.flow import Flow
from dialplane.domain.flows.templates import (
    LONGEST_GREETING,
    LONGEST_MESSAGE_S,
    Actions,
    Voicemail,
    call_queue,
    deliver_voicemail,
    voicemail,
)
from dialplane.domain.ids import AccountId, QueueId
from dialplane.services.programs.flows import FlowChange, create_flow, create_flow_in
from dialplane.services.rooms.queues import QueueChange, make_queue
from dialplane.services.transaction import Database, Transaction


async def create_from_template(
    database: Database, account_id: AccountId, template: str, name: str, actions: Actions, now: datetime
) -> Flow:
    """A flow out of ready actions. Raises Invalid naming the field, LimitExceeded beyond the plan."""
    change = FlowChange(name, _detail(template), actions)
    return await create_flow(database, account_id, change, now)


async def create_call_queue(
    database: Database, account_id: AccountId, name: str, greeting: str, queue_id: QueueId | None, now: datetime
) -> Flow:
    """A flow into a queue: the one that is named, or where None a new one of the flow's name.

    Raises Invalid naming the field, LimitExceeded beyond the plan.
    """
    _check_greeting(greeting)
    async with database.transaction() as tx:
        queue_id = queue_id or await _new_queue(tx, account_id, name, now)
        change = FlowChange(name, _detail("call queue"), call_queue(greeting, queue_id))
        return await create_flow_in(tx, account_id, change, now)


async def _new_queue(tx: Transaction, account_id: AccountId, name: str, now: datetime) -> QueueId:
    return (await make_queue(tx, account_id, QueueChange(name=name), now, by_name=False)).id


def _detail(template: str) -> str:
    return f"made of the template {template}"


def _check_greeting(text: str) -> None:
    if not 1 <= len(text) <= LONGEST_GREETING:
        raise Invalid(f"greeting has 1 to {LONGEST_GREETING} characters", field="greeting")


async def create_voicemail(
    database: Database, account_id: AccountId, name: str, wanted: Voicemail, now: datetime
) -> Flow:
    """A voicemail as two flows: the one that is given is for a number, the other delivers what was recorded.

    Raises Invalid naming the field, LimitExceeded beyond the plan.
    """
    if not (wanted.email or wanted.webhook):
        raise Invalid("a voicemail needs an email or a webhook to go to", field="email")
    if not 1 <= wanted.longest_s <= LONGEST_MESSAGE_S:
        raise Invalid(f"longest_s is 1 to {LONGEST_MESSAGE_S}", field="longest_s")
    if not 0 <= wanted.silence_s <= LONGEST_MESSAGE_S:
        raise Invalid(f"silence_s is 0 to {LONGEST_MESSAGE_S}", field="silence_s")
    _check_greeting(wanted.greeting)
    detail = _detail("voicemail")
    async with database.transaction() as tx:
        delivering = FlowChange(f"{name}: delivery", detail, deliver_voicemail(wanted))
        deliver = await create_flow_in(tx, account_id, delivering, now)
        return await create_flow_in(tx, account_id, FlowChange(name, detail, voicemail(wanted, deliver.id)), now)
