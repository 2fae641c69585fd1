"""Accounts at other networks as a resource.

No network but the telephone's is carried, so none is made any more: an account that took no message and sent none would
promise what it does not do. Those that an earlier version kept are read, renamed and deleted.
"""

from dialplane.domain.errors import Invalid
from dialplane.domain.messaging.conversation_accounts import MOST_ACCOUNTS, ConversationAccount, Network
from dialplane.services.programs.flows import find_flow
from dialplane.services.resources import Resource
from dialplane.services.shapes.conversation_accounts import conversation_account_shape
from dialplane.services.transaction import Transaction

_INSTEAD = {
    Network.SMS: "an account for SMS is a number: set its message_flow_id by PUT /numbers/{id}",
    Network.LINE: "messages of LINE are not carried by this server",
    Network.WHATSAPP: "messages of WhatsApp are not carried by this server",
}


async def _check(tx: Transaction, account: ConversationAccount) -> ConversationAccount:
    """Raises Invalid (`type`) for a new one, NotFound (FLOW_NOT_FOUND)."""
    if account.updated_at is None:
        raise Invalid(f"type: {_INSTEAD[account.type]}", field="type")
    if account.message_flow_id is not None:
        await find_flow(tx, account.account_id, account.message_flow_id)
    return account


CONVERSATION_ACCOUNTS = Resource(
    "account",
    lambda tx: tx.conversation_accounts,
    conversation_account_shape,
    called="conversation account",
    most=MOST_ACCOUNTS,
    check=_check,
)
