"""Ready flows, made for an account in one go."""

from datetime import datetime

from dialplane.domain.errors import Invalid
from dialplane.domain.flows.flow import Flow
from dialplane.domain.flows.templates import (
    LONGEST_GREETING,
    LONGEST_MESSAGE_S,
    Voicemail,
    deliver_voicemail,
    voicemail,
)
from dialplane.domain.ids import AccountId
from dialplane.services.programs.flows import FlowChange, create_flow_in
from dialplane.services.transaction import Database


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
    if not 1 <= len(wanted.greeting) <= LONGEST_GREETING:
        raise Invalid(f"greeting has 1 to {LONGEST_GREETING} characters", field="greeting")
    detail = "made of the template voicemail"
    async with database.transaction() as tx:
        delivering = FlowChange(f"{name}: delivery", detail, deliver_voicemail(wanted))
        deliver = await create_flow_in(tx, account_id, delivering, now)
        return await create_flow_in(tx, account_id, FlowChange(name, detail, voicemail(wanted, deliver.id)), now)
