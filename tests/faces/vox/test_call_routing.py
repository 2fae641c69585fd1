"""`/api/callrouting` as the document prints it (3.4 c and d), and what its portal sets beside (3.4 a, b and e)."""

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.ids import AccountId, utc_now
from dialplane.domain.numbering.numbers import Number
from dialplane.domain.numbering.targets import ForwardTarget, VoiceTarget
from dialplane.services.numbering.numbers import list_numbers
from tests.faces.conftest import Client
from tests.faces.vox.conftest import FORM, Project, Vox, needs_curl
from tests.fakes.numbers import add_number

OWN, PSTN = "+12345678901", "+9876543210"
PRINTED = b'{"data":{"code":200,"message":"User deleted"}}'


@pytest.fixture
async def number(database: PostgresDatabase, project: Project) -> Number:
    return await add_number(database, project.account_id, OWN, utc_now())


async def _voice(database: PostgresDatabase, account_id: AccountId) -> VoiceTarget:
    (held,) = await list_numbers(database, account_id)
    return held.targets.voice


@needs_curl
@pytest.mark.usefixtures("number")
async def test_calls_are_forwarded_by_the_documents_lines(
    vox: Vox, project: Project, database: PostgresDatabase
) -> None:
    """As printed: the plus signs unescaped or left out, and a line's end before the last parameter."""
    for own, pstn, target in (
        (OWN, PSTN, PSTN),
        ("2345678901", "2125550111", "+12125550111"),
        ("12345678901", "449876543210", "+449876543210"),
    ):
        answer = await vox.curl(
            "-X", "POST", "https://proxy.vox-cpaas.com/api/callrouting", "-H", f"Content-Type: {FORM}",
            "-d", f"{project.keys}&number={own}&calltype=3\n&pstn_number={pstn}",
        )  # fmt: skip

        assert (answer.status, answer.raw) == (200, PRINTED)
        assert await _voice(database, project.account_id) == ForwardTarget(pstn=target)


@pytest.mark.usefixtures("number")
async def test_forward_is_changed_by_the_same_request_in_json(
    vox: Vox, project: Project, database: PostgresDatabase
) -> None:
    await vox.post("/api/callrouting", f"{project.keys}&number={OWN}&calltype=3&pstn_number={PSTN}")

    fields = {"projectid": project.id, "authtoken": project.token, "number": OWN, "calltype": 3}
    answer = await vox.post_json("/api/callrouting", fields | {"pstn_number": "+12125550111"})

    assert answer.raw == PRINTED
    assert await _voice(database, project.account_id) == ForwardTarget(pstn="+12125550111")


@pytest.mark.usefixtures("number")
async def test_app_users_and_sip_server_take_the_place_of_the_pstn_number(
    vox: Vox, project: Project, database: PostgresDatabase
) -> None:
    expected = {
        f"pstn_number={PSTN}": ForwardTarget(pstn=PSTN),
        "users=alice": ForwardTarget(users=("alice",)),
        "users=alice,+bob,alice": ForwardTarget(users=("alice", "bob")),
        "sip_server=192.0.2.1&sip_port=5080": ForwardTarget(sip="192.0.2.1:5080"),
        "sip_server=sip.example.org:5060": ForwardTarget(sip="sip.example.org:5060"),
        "sip_server=%5B2001:db8::1%5D:5070": ForwardTarget(sip="[2001:db8::1]:5070"),
        "sip_server=sip:desk@192.0.2.1": ForwardTarget(sip="desk@192.0.2.1"),
    }

    found = {}
    for given in expected:
        answer = await vox.post("/api/callrouting", f"{project.keys}&number={OWN}&calltype=3&{given}")
        assert answer.raw == PRINTED
        found[given] = await _voice(database, project.account_id)

    assert found == expected


async def test_forward_is_the_native_faces_voice_target_and_leaves_the_messages_alone(
    vox: Vox, project: Project, number: Number, client: Client
) -> None:
    """The hook's address is the document's own example (3.3)."""
    path, hook = f"/v1.0/numbers/{number.id}/targets", {"type": "hook", "url": "https://example.com/incomingsms:443"}
    await client.ask("PUT", path, {"message": hook})

    await vox.post("/api/callrouting", f"{project.keys}&number={OWN}&calltype=3&pstn_number={PSTN}")

    assert (await client.ask("GET", path)).json == {
        "voice": {"type": "forward", "pstn": PSTN},
        "message": hook | {"method": "POST", "token": "incoming-sms"},
        "refer": None,
    }


@pytest.mark.usefixtures("number")
async def test_forward_is_removed(vox: Vox, project: Project, database: PostgresDatabase) -> None:
    await vox.post("/api/callrouting", f"{project.keys}&number={OWN}&calltype=3&pstn_number={PSTN}")

    answer = await vox.client.ask(
        "DELETE", "/api/callrouting", f"{project.keys}&number={OWN}".encode(), Content_Type=FORM
    )

    assert (answer.status, answer.raw) == (200, PRINTED)
    assert await _voice(database, project.account_id) is None


@pytest.mark.usefixtures("number")
async def test_wrong_project_keys_change_nothing(vox: Vox, project: Project, database: PostgresDatabase) -> None:
    for keys in ("", "projectid=XXXXXX&authtoken=XXXXXXX", f"projectid={project.id}&authtoken=wrong"):
        answer = await vox.post("/api/callrouting", f"{keys}&number={OWN}&calltype=3&pstn_number={PSTN}")

        assert (answer.status, answer.json["code"], answer.json["data"]["code"]) == (404, 404, 404)
        assert answer.json["data"]["message"] == "Invalid Project ID/Auth Token"
    assert await _voice(database, project.account_id) is None


@pytest.mark.usefixtures("number")
async def test_number_of_another_project_answers_exactly_as_one_of_nobody(
    vox: Vox, project: Project, other_project: Project, database: PostgresDatabase
) -> None:
    foreign = await vox.post("/api/callrouting", f"{other_project.keys}&number={OWN}&calltype=3&pstn_number={PSTN}")
    unknown = await vox.post(
        "/api/callrouting", f"{other_project.keys}&number=+19995550000&calltype=3&pstn_number={PSTN}"
    )

    assert (foreign.status, foreign.json["data"]["code"]) == (404, 404)
    assert (foreign.status, foreign.raw) == (unknown.status, unknown.raw)
    assert await _voice(database, project.account_id) is None


@pytest.mark.usefixtures("number")
async def test_bad_routing_names_the_parameter_and_changes_nothing(
    vox: Vox, project: Project, database: PostgresDatabase
) -> None:
    expected = {
        f"calltype=3&pstn_number={PSTN}": "number",
        f"number={OWN}&pstn_number={PSTN}": "calltype",
        f"number={OWN}&calltype=1&pstn_number={PSTN}": "calltype",
        f"number={OWN}&calltype=3": "pstn_number",
        f"number={OWN}&calltype=3&pstn_number=": "pstn_number",
        f"number={OWN}&calltype=3&pstn_number=12": "pstn_number",
        f"number={OWN}&calltype=3&pstn_number={PSTN}&users=alice": "users",
        f"number={OWN}&calltype=3&users=,": "users",
        f"number={OWN}&calltype=3&users={'x' * 256}": "users",
        f"number={OWN}&calltype=3&users=a%00b": "users",
        f"number={OWN}&calltype=3&sip_server=http://x/": "sip_server",
        f"number={OWN}&calltype=3&sip_server=192.0.2.1:0": "sip_server",
        f"number={OWN}&calltype=3&sip_server=192.0.2.1&sip_port=70000": "sip_port",
    }

    answers = {rest: await vox.post("/api/callrouting", f"{project.keys}&{rest}") for rest in expected}

    assert {rest: answer.json["data"]["field"] for rest, answer in answers.items()} == expected
    for answer in answers.values():
        assert (answer.status, answer.json["code"], answer.json["data"]["code"]) == (401, 401, 401)
        assert answer.json["data"]["message"].startswith("User Creation Failed: ")
    assert await _voice(database, project.account_id) is None


@pytest.mark.usefixtures("number")
async def test_repeated_request_with_a_key_gets_the_first_answer(vox: Vox, project: Project) -> None:
    body = f"{project.keys}&number={OWN}&calltype=3&pstn_number={PSTN}"
    await vox.post("/api/callrouting", body, Idempotency_Key="one")

    again = await vox.post("/api/callrouting", body, Idempotency_Key="one")

    assert (again.raw, again.headers["Idempotent-Replayed"]) == (PRINTED, "true")
