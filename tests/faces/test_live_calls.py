"""Orders to a live call over the API: 200 with an empty body; 409 when the call is over (reference 1.8, 4.3)."""

import pytest

from dialplane.domain.calling.calls import CallStatus
from dialplane.services.transaction import Database
from tests.faces.conftest import Client, Tenant
from tests.faces.recorded import called

ORDERS = [
    ("POST", "hold", None),
    ("DELETE", "hold", None),
    ("POST", "moh", None),
    ("POST", "silence", None),
    ("POST", "mute", {"direction": "in"}),
    ("POST", "mute", None),
    ("DELETE", "mute", None),
    ("DELETE", "mute", {"direction": "in"}),
    ("POST", "talk", {"text": "Hello", "language": "en-US", "provider": "gcp", "voice_id": ""}),
]


@pytest.mark.parametrize(("method", "what", "body"), ORDERS)
async def test_order_is_answered_with_nothing(
    client: Client, tenant: Tenant, database: Database, method: str, what: str, body: object
) -> None:
    """Reference 1.8."""
    live = await called(database, tenant.id, status=CallStatus.PROGRESSING, ended_at=None)
    over = await called(database, tenant.id)

    answer = await client.ask(method, f"/v1.0/calls/{live.id}/{what}", body)
    late = await client.ask(method, f"/v1.0/calls/{over.id}/{what}", body)

    assert (answer.status, answer.raw) == (200, b"")
    assert (late.status, late.reason) == (409, "CALL_ALREADY_HANGUP")
