"""The operator's table of callers' names (CNAM)."""

from tests.faces.conftest import Client

ANN = {"number": "+12125550111", "name": "Ann Example"}


async def test_names_are_kept_listed_and_forgotten(operator: Client) -> None:
    written = await operator.ask("PUT", "/caller_names", {"names": [ANN, {"number": "+12125550112", "name": "Bob"}]})
    forgotten = await operator.ask("PUT", "/caller_names", {"names": [{"number": "+12125550112", "name": ""}]})

    assert (written.json, forgotten.status) == ({"written": 2}, 200)
    assert (await operator.ask("GET", "/caller_names")).json == {"names": [ANN]}


async def test_what_is_no_number_is_refused_and_nothing_is_kept(operator: Client) -> None:
    answer = await operator.ask("PUT", "/caller_names", {"names": [ANN, {"number": "bob", "name": "Bob"}]})

    assert answer.status == 400
    assert (await operator.ask("GET", "/caller_names")).json == {"names": []}
