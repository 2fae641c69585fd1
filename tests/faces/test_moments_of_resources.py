"""`tm_update` is null until something was changed (VoIPBIN's reference 1.7 and 11)."""

import pytest

from tests.faces.conftest import Client
from tests.faces.test_rooms import AGENT

MADE: list[tuple[str, dict[str, object]]] = [
    ("accesskeys", {"name": "key"}),
    ("agents", AGENT),
    ("flows", {"name": "flow", "detail": "", "actions": []}),
    ("numbers", {"number": "+899100000001"}),
    ("tags", {"name": "tag"}),
]


@pytest.mark.parametrize(("path", "body"), MADE)
async def test_new_resource_was_never_updated_and_a_changed_one_was(
    client: Client, path: str, body: dict[str, object]
) -> None:
    made = (await client.ask("POST", f"/v1.0/{path}", body)).json
    changed = (await client.ask("PUT", f"/v1.0/{path}/{made['id']}", {"name": "another", "detail": ""})).json

    assert (made["tm_update"], made["tm_delete"]) == (None, None)
    assert changed["tm_update"] > made["tm_create"]


async def test_account_was_never_updated(client: Client) -> None:
    before = [(await client.ask("GET", f"/v1.0/{path}")).json["tm_update"] for path in ("customer", "outbound_config")]
    changed = (await client.ask("PUT", "/v1.0/customer", {"detail": "tools"})).json

    assert before == [None, None]
    assert changed["tm_update"] > changed["tm_create"]
