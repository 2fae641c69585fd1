"""The registrar's rules (RFC 3261 10.3)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from dialplane.sip.message import Request, Response
from dialplane.sip.parser import parse_message
from dialplane.sip.registrar import Binding, RegistrationPlan, plan_registration
from tests.captures.torture import torture
from tests.sip.samples import request

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def register(*contacts: str, expires: str | None = None, cseq: int = 2, call_id: str = "phone-1") -> Request:
    extra = "".join(f"Contact: {contact}\r\n" for contact in contacts)
    if expires is not None:
        extra += f"Expires: {expires}\r\n"
    headers = {"CSeq": f"{cseq} REGISTER", "Call-ID": call_id}
    return request("REGISTER", headers, uri="sip:example.com", extra=extra, without=("Contact",))


def binding(contact: str, *, cseq: int = 1, call_id: str = "phone-1", seconds: int = 600) -> Binding:
    return Binding(contact, call_id, cseq, NOW + timedelta(seconds=seconds))


def planned(request: Request, current: Sequence[Binding] = ()) -> RegistrationPlan:
    plan = plan_registration(request, current, NOW)
    assert isinstance(plan, RegistrationPlan), plan
    return plan


def refused(request: Request, current: Sequence[Binding] = ()) -> Response:
    response = plan_registration(request, current, NOW)
    assert isinstance(response, Response)
    return response


def test_contact_is_bound_for_the_longest_time_when_it_asks_for_none() -> None:
    plan = planned(register("<sip:a@192.0.2.1>"))

    assert plan.added == (Binding("sip:a@192.0.2.1", "phone-1", 2, NOW + timedelta(seconds=3_600)),)
    assert plan.bindings == plan.added
    assert plan.removed == ()


@pytest.mark.parametrize(
    ("contact", "expires", "seconds"),
    [
        ("<sip:a@b>;expires=120", "300", 120),
        ("<sip:a@b>", "300", 300),
        ("<sip:a@b>", "60", 60),
        ("<sip:a@b>", "9999999999999", 3_600),
        ("<sip:a@b>", "rubbish", 3_600),
        ("<sip:a@b>;expires=rubbish", "0", 3_600),
        ("sip:a@b;expires=90", None, 90),
    ],
)
def test_time_is_what_the_contact_or_the_request_asks_within_bounds(
    contact: str, expires: str | None, seconds: int
) -> None:
    """REG-3, SIP-6, RFC 3261 20.10."""
    (added,) = planned(register(contact, expires=expires)).added

    assert added.expires_at == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize("seconds", [1, 59])
def test_short_time_is_423_with_the_shortest_allowed(seconds: int) -> None:
    """REG-3."""
    answer = refused(register("<sip:a@b>", expires=str(seconds)))

    assert (answer.status, answer.headers.get("Min-Expires")) == (423, "60")


def test_zero_takes_one_binding_away() -> None:
    current = [binding("sip:a@b"), binding("sip:c@d")]

    plan = planned(register("<sip:a@b>;expires=0"), current)

    assert plan.removed == ("sip:a@b",)
    assert plan.bindings == (current[1],)


def test_star_takes_all_away() -> None:
    plan = planned(register("*", expires="0"), [binding("sip:a@b"), binding("sip:c@d")])

    assert plan == RegistrationPlan((), (), ("sip:a@b", "sip:c@d"))


@pytest.mark.parametrize(("contacts", "expires"), [(("*",), None), (("*",), "60"), (("*", "<sip:a@b>"), "0")])
def test_star_with_anything_else_is_400(contacts: tuple[str, ...], expires: str | None) -> None:
    assert refused(register(*contacts, expires=expires)).status == 400


def test_no_contact_asks_what_there_is() -> None:
    current = [binding("sip:a@b")]

    plan = planned(register(), current)

    assert plan == RegistrationPlan(tuple(current))
    assert plan.answer(register(), NOW).headers.get_all("Contact") == ["<sip:a@b>;expires=600"]


def test_answer_tells_the_phone_the_time() -> None:
    """RFC 3261 10.3 step 8."""
    answer = planned(register("<sip:a@b>")).answer(register("<sip:a@b>"), NOW)

    assert answer.headers.get("Date") == "Mon, 04 May 2026 12:00:00 GMT"


def test_equal_address_written_otherwise_replaces_the_old_one() -> None:
    plan = planned(register("<sip:a@B;transport=udp;x=1>"), [binding("sip:a@b;transport=UDP")])

    assert plan.removed == ("sip:a@b;transport=UDP",)
    assert [added.contact for added in plan.added] == ["sip:a@B;transport=udp;x=1"]
    assert len(plan.bindings) == 1


def test_older_request_of_the_same_phone_changes_nothing() -> None:
    current = [binding("sip:a@b", cseq=2)]

    assert refused(register("<sip:a@b>", cseq=2), current).status == 500
    assert refused(register("*", expires="0", cseq=1), current).status == 500


def test_other_call_id_starts_its_own_count() -> None:
    plan = planned(register("<sip:a@b>", cseq=1, call_id="restarted"), [binding("sip:a@b", cseq=900)])

    assert plan.added[0].call_id == "restarted"


def test_expired_bindings_are_gone() -> None:
    plan = planned(register("<sip:a@b>"), [binding("sip:old@b", seconds=0), binding("sip:a@b", cseq=9, seconds=-5)])

    assert [bound.contact for bound in plan.bindings] == ["sip:a@b"]


def test_ten_contacts_fit_and_eleven_do_not() -> None:
    """REG-3: none is stored when one is too many."""
    contacts = [f"<sip:a{i}@b>" for i in range(11)]

    assert len(planned(register(*contacts[:10])).bindings) == 10
    assert refused(register(*contacts)).status == 403
    assert refused(register(contacts[10]), [binding(f"sip:a{i}@b") for i in range(10)]).status == 403


def test_a_hundred_contacts_are_refused() -> None:
    """REG-3."""
    assert refused(register(", ".join(f"<sip:a{i}@b>" for i in range(100)))).status == 403


@pytest.mark.parametrize("contact", ["<tel:+12025550123>", "<sip:a@b%>", "<sip:" + "a" * 1_030 + "@b>", "sip:a@b?x=y"])
def test_contact_that_cannot_be_called_is_400(contact: str) -> None:
    assert refused(register(contact)).status == 400


def test_contact_of_another_scheme_is_refused() -> None:
    assert refused(register("<name:John_Smith>")).status == 416


def test_escaped_nul_makes_two_contacts_and_comes_back_as_written() -> None:
    """SIP-1: escnull."""
    message = parse_message(torture("rfc4475", "escnull"))
    assert isinstance(message, Request)

    answer = planned(message).answer(message, NOW)

    assert answer.headers.get_all("Contact") == [
        "<sip:%00@host5.example.com>;expires=3600",
        "<sip:%00%00@host5.example.com>;expires=3600",
    ]


@pytest.mark.parametrize(
    ("name", "contact"),
    [
        ("cparam01", "sip:+19725552222@gw1.example.net"),
        ("cparam02", "sip:+19725552222@gw1.example.net;unknownparam"),
        ("regescrt", "sip:user@example.com?Route=%3Csip:sip.example.com%3E"),
    ],
)
def test_torture_contact_is_kept_as_written(name: str, contact: str) -> None:
    """SIP-1."""
    message = parse_message(torture("rfc4475", name))
    assert isinstance(message, Request)

    assert [bound.contact for bound in planned(message).bindings] == [contact]


def test_same_contact_twice_is_one_binding() -> None:
    plan = planned(register("<sip:a@b>;expires=100", "<sip:a@b>;expires=200"))

    assert [bound.expires_at for bound in plan.bindings] == [NOW + timedelta(seconds=200)]
    assert plan.added == plan.bindings
