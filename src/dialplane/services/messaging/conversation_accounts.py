"""Accounts at other networks as a resource: made, read, changed and deleted by their owner.

No network but the PSTN's is carried yet: what is kept here is for whoever adds one.
"""

from dialplane.domain.messaging.conversation_accounts import MOST_ACCOUNTS, ConversationAccount
from dialplane.services.programs.flows import find_flow
from dialplane.services.resources import Resource
from dialplane.services.shapes.conversation_accounts import conversation_account_shape
from dialplane.services.transaction import Transaction


async def _check(tx: Transaction, account: ConversationAccount) -> ConversationAccount:
    """Raises NotFound (FLOW_NOT_FOUND)."""
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
