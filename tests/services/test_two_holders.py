"""A number that one account gave up and another bought: neither reaches anything of the other (NUM-4)."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.calling.routing import Origin, Refused
from dialplane.domain.errors import AlreadyExists, NotFound
from dialplane.domain.flows.flow import Flow
from dialplane.domain.ids import AccountId, CallId, NumberId, new_id
from dialplane.domain.messaging.messages import Message
from dialplane.domain.numbering.numbers import QUARANTINE
from dialplane.services.calling.admission import Admitted, Outcome, TurnedAway, admit
from dialplane.services.calling.arrivals import Arrival
from dialplane.services.calling.calls import get_call, list_calls
from dialplane.services.eventing.webhooks import set_customer_webhook
from dialplane.services.messaging.conversations import list_conversations
from dialplane.services.messaging.inbound_messages import InboundMessage, MessageRefused, receive_message
from dialplane.services.messaging.messages import get_message, list_messages
from dialplane.services.numbering.history import list_history
from dialplane.services.numbering.number_life import release_number
from dialplane.services.numbering.numbers import NumberChange, get_number, update_number
from dialplane.services.numbering.reconcile import reconcile_stock
from dialplane.services.programs.flows import get_flow
from tests.fakes.numbers import add_flow
from tests.services.buying import NOW, bought, buy, buyer, carriers, stock

NUMBER, PEER = "+14155550100", "+12125550199"
FREE_AGAIN = NOW + QUARANTINE


async def ring(database: PostgresDatabase, now: datetime) -> Outcome:
    arrival = Arrival(CallId(new_id(now)), Origin.PSTN, PEER, "", NUMBER, "127.0.0.1", "127.0.0.1", "x@y", "node-1")
    (outcome,) = await admit(database, [arrival], now)
    return outcome


async def holder(database: PostgresDatabase, name: str) -> tuple[AccountId, Flow]:
    """An account with a flow and a webhook."""
    account_id = await buyer(database)
    async with database.transaction() as tx:
        await set_customer_webhook(tx, account_id, f"http://{name}.test/hook", "POST", NOW)
    return account_id, await add_flow(database, account_id, [{"type": "answer"}], NOW)


async def answering(database: PostgresDatabase, account_id: AccountId, flow: Flow) -> NumberId:
    """The number, bought, with the flow for its calls and messages."""
    number = await bought(database, account_id, NUMBER)
    change = NumberChange(call_flow_id=UUID(str(flow.id)), message_flow_id=UUID(str(flow.id)))
    await update_number(database, account_id, number.id, change, NOW)
    return number.id


async def test_released_number_is_silent_at_once_and_rests_thirty_days(database: PostgresDatabase) -> None:
    """NUM-4"""
    first, flow = await holder(database, "first")
    second, _ = await holder(database, "second")
    await stock(database, NUMBER)
    number_id = await answering(database, first, flow)
    assert isinstance(await ring(database, NOW), Admitted)

    await release_number(database, first, number_id, NOW)

    called, texted = await ring(database, NOW), await receive_message(database, InboundMessage(PEER, NUMBER, "hi"), NOW)
    assert isinstance(called, TurnedAway)
    assert called.status == 404
    assert isinstance(texted, MessageRefused)
    assert texted.refused is Refused.UNKNOWN_NUMBER
    for moment in (NOW, FREE_AGAIN - timedelta(seconds=1)):
        assert await reconcile_stock(database, carriers(database), moment) == 0
        with pytest.raises(AlreadyExists):
            await buy(database, second, NUMBER)
    assert await reconcile_stock(database, carriers(database), FREE_AGAIN) == 1


async def test_new_holder_reaches_nothing_of_the_old_one_and_the_old_one_hears_nothing(
    database: PostgresDatabase,
) -> None:
    """NUM-4: calls, messages, conversations, flows, history and webhooks of two tenants of one number."""
    first, first_flow = await holder(database, "first")
    second, second_flow = await holder(database, "second")
    await stock(database, NUMBER)
    first_id = await answering(database, first, first_flow)
    first_call, first_text = await ring(database, NOW), await _text(database, "to the first")
    await release_number(database, first, first_id, NOW)
    await reconcile_stock(database, carriers(database), FREE_AGAIN)
    heard_before = await _heard(database, "first")

    second_id = await answering(database, second, second_flow)
    second_call, second_text = await ring(database, NOW), await _text(database, "to the second")

    assert isinstance(first_call, Admitted)
    assert isinstance(second_call, Admitted)
    assert (first_call.call.account_id, second_call.call.account_id) == (first, second)
    assert [call.id for call in await list_calls(database, second, before=None, limit=9)] == [second_call.call.id]
    assert [text.id for text in await list_messages(database, second, before=None, limit=9)] == [second_text.id]
    assert len(await list_conversations(database, second, before=None, limit=9)) == 1
    for look in (
        get_call(database, second, first_call.call.id),
        get_message(database, second, first_text.id),
        get_flow(database, second, first_flow.id),
        get_number(database, second, first_id),
        get_number(database, first, second_id),
        list_history(database, second, first_id),
        get_call(database, first, second_call.call.id),
        get_message(database, first, second_text.id),
    ):
        with pytest.raises(NotFound):
            await look
    assert await _heard(database, "first") == heard_before
    assert await _heard(database, "second") > 0


async def _text(database: PostgresDatabase, text: str) -> Message:
    message = await receive_message(database, InboundMessage(PEER, NUMBER, text), NOW)
    assert isinstance(message, Message)
    return message


async def _heard(database: PostgresDatabase, name: str) -> int:
    """Deliveries to the webhook of the name."""
    count = await database.pool.fetchval(
        "select count(*) from webhook_deliveries d join webhook_endpoints e on e.id = d.endpoint_id"
        " where e.url like $1",
        f"http://{name}%",
    )
    return int(count)
