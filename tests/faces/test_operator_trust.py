"""STIR/SHAKEN as the operator sets it up (STIR-1, STIR-3): written as a whole, checked, the key never shown."""

from uuid import uuid4

from tests.faces.conftest import Client, Tenant
from tests.stir.authority import authority

X5U = "https://certificates.example.org/ours.pem"
TRUNK = {"name": "carrier", "networks": ["203.0.113.0/24"], "host": "203.0.113.1"}
USUAL = {"signs": False, "checking": "mark", "requires_identity": False, "takes_emergency": False}


async def test_certificate_and_roots_are_written_and_shown_without_the_key(operator: Client) -> None:
    root = authority()
    ours = root.certify()
    signing = {"certificate_url": X5U, "certificate": ours.pem, "private_key": ours.key_pem}
    assert (await operator.ask("GET", "/stir")).json == {"signing": None, "trust_anchors": ""}

    changed = await operator.ask("PUT", "/stir", {"signing": signing, "trust_anchors": root.pem})

    shown = {"signing": {"certificate_url": X5U, "certificate": ours.pem}, "trust_anchors": root.pem}
    assert (changed.status, changed.json) == (200, shown)
    assert (await operator.ask("PUT", "/stir", {"signing": None})).json == shown | {"signing": None}
    assert (await operator.ask("PUT", "/stir", {"trust_anchors": ""})).json["trust_anchors"] == ""


async def test_what_cannot_sign_is_refused_by_the_name_of_its_field(operator: Client) -> None:
    ours, another = authority().certify(), authority().certify()
    good = {"certificate_url": X5U, "certificate": ours.pem, "private_key": ours.key_pem}
    bad = {
        "certificate_url": "http://certificates.example.org/ours.pem",
        "certificate": authority().pem,  # without the numbers that it is for
        "private_key": another.key_pem,
    }
    for field, value in bad.items():
        answer = await operator.ask("PUT", "/stir", {"signing": good | {field: value}})
        assert (answer.status, field in answer.raw.decode()) == (400, True), answer.raw
    for body in ({"trust_anchors": "nonsense"}, {"signing": {"certificate_url": X5U}}, {"roots": ""}):
        assert (await operator.ask("PUT", "/stir", body)).status == 400
    assert (await operator.ask("GET", "/stir")).json == {"signing": None, "trust_anchors": ""}


async def test_trust_of_a_trunk_is_replaced_as_a_whole(operator: Client) -> None:
    trunk = (await operator.ask("POST", "/trunks", TRUNK)).json
    path = f"/trunks/{trunk['id']}/trust"
    assert (await operator.ask("GET", path)).json == USUAL

    wanted = USUAL | {"checking": "reject", "requires_identity": True}
    assert (await operator.ask("PUT", path, wanted)).json == wanted
    assert (await operator.ask("GET", path)).json == wanted
    assert (await operator.ask("PUT", path, {"signs": True})).json == USUAL | {"signs": True}
    assert (await operator.ask("PUT", path, {"checking": "perhaps"})).status == 400
    assert (await operator.ask("PUT", f"/trunks/{uuid4()}/trust", {})).status == 404


async def test_costly_ranges_are_opened_for_one_account(operator: Client, tenant: Tenant) -> None:
    """FRD-1: off by default, each enabled by itself."""
    path = f"/accounts/{tenant.id}/special_destinations"
    assert (await operator.ask("GET", path)).json == {"allowed": []}

    assert (await operator.ask("PUT", path, {"allowed": ["satellite", "premium"]})).json == {
        "allowed": ["premium", "satellite"]
    }
    assert (await operator.ask("PUT", path, {"allowed": ["everything"]})).status == 400
    assert (await operator.ask("GET", path)).json == {"allowed": ["premium", "satellite"]}
    assert (await operator.ask("GET", f"/accounts/{uuid4()}/special_destinations")).status == 404
