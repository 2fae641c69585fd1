"""Whom a forwarded call shows to the side that it goes to (VoxCPaaS, notes of table 9)."""

import pytest

from dialplane.domain.addresses import Address, tel
from dialplane.domain.flows.validation import validate_actions
from dialplane.domain.numbering.forwarding import forward_action
from dialplane.domain.numbering.targets import ForwardTarget

DIALLED = "+12025550100"
CUSTOMER_A = "+12125550123"
APP_USER = Address("extension", "aaaaaaaa-0000-4000-8000-000000000001", target_name="1001")


def _option(target: ForwardTarget, caller: Address) -> dict[str, object]:
    action = forward_action(target, caller=caller, dialled=DIALLED)
    validate_actions([action])
    option = action["option"]
    assert isinstance(option, dict)
    return option


def test_pstn_number_is_called_from_the_number_that_was_dialled() -> None:
    """ "customer A will see DID number only and customer B will see the call being received from DID number"."""
    option = _option(ForwardTarget(pstn="+9876543210"), tel(CUSTOMER_A))

    assert option["destinations"] == [{"type": "tel", "target": "+9876543210"}]
    assert "source" not in option


@pytest.mark.parametrize(
    ("target", "rung"),
    [
        (ForwardTarget(users=("ann", "bob")), [("extension", "ann"), ("extension", "bob")]),
        (ForwardTarget(sip="192.0.2.1:5060"), [("sip", f"{DIALLED}@192.0.2.1:5060")]),
        (ForwardTarget(sip="pbx@192.0.2.1"), [("sip", "pbx@192.0.2.1")]),
    ],
)
def test_app_user_or_sip_server_sees_who_calls(target: ForwardTarget, rung: list[tuple[str, str]]) -> None:
    option = _option(target, tel(CUSTOMER_A))

    assert option["destinations"] == [{"type": kind, "target": whom} for kind, whom in rung]
    assert option["source"] == {"type": "tel", "target": CUSTOMER_A}
    assert _option(target, APP_USER)["source"] == {
        "type": "extension",
        "target": APP_USER.target,
        "target_name": "1001",
    }


@pytest.mark.parametrize("written", ["", "anonymous", "${voipbin.call.id}", "+1", "+12125550123;x"])
def test_what_a_caller_made_up_goes_no_further(written: str) -> None:
    assert "source" not in _option(ForwardTarget(users=("ann",)), Address("sip", written, target_name="${x}"))
