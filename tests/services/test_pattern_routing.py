"""Calls and messages to SIP numbers and patterns: who gets them, who does not, and how soon a change is followed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.calling.routing import Origin, Refused, RouteDecision, Verdict
from dialplane.domain.ids import AccountId, CallId, ExtensionId, OrganizationId, new_id
from dialplane.domain.messaging.messages import Message
from dialplane.domain.numbering.numbers import Number, NumberStatus, SuspendedFor
from dialplane.domain.numbering.orders import NumberOrder
from dialplane.domain.numbering.targets import FlowTarget, Targets
from dialplane.services.calling.admission import Admitted, Outcome, TurnedAway, admit
from dialplane.services.calling.arrivals import Arrival
from dialplane.services.calling.extensions import create_extension
from dialplane.services.calling.registrations import Subscriber
from dialplane.services.calling.routing import explain
from dialplane.services.messaging.inbound_messages import InboundMessage, MessageRefused, receive_message
from dialplane.services.numbering.number_life import release_number, restore_number
from dialplane.services.numbering.numbers import set_targets
from dialplane.services.numbering.sip_numbers import create_pattern, create_sip_number
from tests.fakes.accounts import add_account
from tests.fakes.numbers import add_credit, add_flow, add_number

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DOMAIN = "sip.example.com"
DIALLED = "16508251255"


async def organization(database: PostgresDatabase, *domains: str, credit: int = 10_000_000) -> AccountId:
    """An account of an organization of its own, which has the same id."""
    account_id = await add_account(database)
    async with database.transaction() as tx:
        for domain in domains:
            await tx.accounts.add_domain(OrganizationId(account_id), domain, NOW)
    if credit:
        await add_credit(database, account_id, credit, NOW)
    return account_id


async def beside(database: PostgresDatabase, account_id: AccountId) -> AccountId:
    """Another account of the same organization."""
    other = await add_account(database)
    async with database.transaction() as tx:
        await tx.connection.execute("update accounts set organization_id = $2 where id = $1", other, account_id)
    await add_credit(database, other, 10_000_000, NOW)
    return other


async def hold(database: PostgresDatabase, account_id: AccountId, *texts: str) -> dict[str, Number]:
    """SIP numbers and patterns, each a second younger than the one before."""
    return {
        text: await create_sip_number(database, account_id, NumberOrder(number=text), NOW + timedelta(seconds=n))
        for n, text in enumerate(texts)
    }


def arrival(dialled: str = DIALLED, domain: str = DOMAIN, caller: Subscriber | None = None) -> Arrival:
    return Arrival(
        call_id=CallId(new_id(NOW)),
        origin=Origin.EXTENSION if caller else Origin.PSTN,
        raw_source="+12125550111",
        source_name="",
        raw_destination=dialled,
        domain=domain,
        source_host="127.0.0.1",
        sip_call_id="abc",
        node="test",
        caller=caller,
    )


async def ring(
    database: PostgresDatabase, dialled: str = DIALLED, *, domain: str = DOMAIN, caller: Subscriber | None = None
) -> Outcome:
    (outcome,) = await admit(database, [arrival(dialled, domain, caller)], NOW)
    return outcome


def taken_by(outcome: Outcome) -> object:
    """The number that the call rings."""
    assert isinstance(outcome, Admitted), outcome
    return outcome.call.number_id


def status(outcome: Outcome) -> int:
    assert isinstance(outcome, TurnedAway), outcome
    return outcome.status


async def extension_of(database: PostgresDatabase, account_id: AccountId, name: str) -> Subscriber:
    made = await create_extension(
        database, account_id, extension=name, password="secret123", name="", detail="", now=NOW
    )
    async with database.reading() as tx:
        found = await tx.registrations.find_extension(account_id, ExtensionId(made.id))
    assert found is not None
    return found


# --- the order of the document ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stored", "wins"),
    [
        (("16508251255", "16.*"), "16508251255"),
        (("16508251256", "16.*"), "16.*"),
        (("16508251256", "16.*", "16508.*"), "16508.*"),
        (("*", "17.*"), "*"),
        (("165.*", "1650*"), "165.*"),
    ],
)
async def test_exact_number_goes_before_patterns_and_the_longest_pattern_before_others(
    database: PostgresDatabase, stored: tuple[str, ...], wins: str
) -> None:
    """NUM-5, and the table of the document."""
    account_id = await organization(database, DOMAIN)
    numbers = await hold(database, account_id, *stored)

    assert taken_by(await ring(database)) == numbers[wins].id


async def test_ordinary_number_goes_before_every_number_of_an_organization(database: PostgresDatabase) -> None:
    account_id, other = await organization(database, DOMAIN), await organization(database)
    await hold(database, account_id, "+12025550143", "12025550143", "*")
    ordinary = await add_number(database, other, "+12025550143", NOW)

    assert taken_by(await ring(database, "+12025550143")) == ordinary.id
    assert taken_by(await ring(database, "12025550143")) == ordinary.id


@pytest.mark.parametrize(("stored", "dialled"), [("1234", "+1234"), ("+1234", "1234"), ("*777#", "*777#")])
async def test_sip_number_rings_with_and_without_the_plus(
    database: PostgresDatabase, stored: str, dialled: str
) -> None:
    account_id = await organization(database, DOMAIN)
    number = (await hold(database, account_id, stored))[stored]

    assert taken_by(await ring(database, dialled)) == number.id


async def test_row_that_is_no_pattern_never_disables_the_others(database: PostgresDatabase) -> None:
    """Reference 8.5: it is skipped alone."""
    account_id = await organization(database, DOMAIN)
    numbers = await hold(database, account_id, "16.*", "1[2]")
    async with database.transaction() as tx:
        await tx.connection.execute(r"update numbers set number = '1650825(125\5' where id = $1", numbers["1[2]"].id)

    assert taken_by(await ring(database)) == numbers["16.*"].id


# --- who may ring them -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "dialled"), [("1234", "1234"), ("16.*", DIALLED)])
async def test_call_from_outside_rings_by_the_domain_of_the_request_uri(
    database: PostgresDatabase, text: str, dialled: str
) -> None:
    first, second = await organization(database, DOMAIN), await organization(database, "other.example.com")
    at_first, at_second = await hold(database, first, text), await hold(database, second, text)

    assert taken_by(await ring(database, dialled)) == at_first[text].id
    assert taken_by(await ring(database, dialled, domain="other.example.com")) == at_second[text].id
    assert status(await ring(database, dialled, domain="nobody.example.com")) == 404


async def test_calls_of_one_batch_ring_in_the_organization_of_their_own_domain(database: PostgresDatabase) -> None:
    first, second = await organization(database, DOMAIN), await organization(database, "other.example.com")
    at_first, at_second = await hold(database, first, "16.*", "1234"), await hold(database, second, "16.*")
    ordinary = await add_number(database, second, "+12025550143", NOW)

    outcomes = await admit(
        database,
        [
            arrival(),
            arrival(domain="other.example.com"),
            arrival("1234"),
            arrival("1234", "other.example.com"),
            arrival("+12025550143"),
        ],
        NOW,
    )

    assert [taken_by(each) for each in (*outcomes[:3], outcomes[4])] == [
        at_first["16.*"].id, at_second["16.*"].id, at_first["1234"].id, ordinary.id,
    ]  # fmt: skip
    assert status(outcomes[3]) == 404


@pytest.mark.parametrize("dialled", ["alice", "16508251255a", "", "1" * 65])
async def test_name_never_reaches_a_pattern(database: PostgresDatabase, dialled: str) -> None:
    account_id = await organization(database, DOMAIN)
    await hold(database, account_id, "*", ".", "16.*")

    assert status(await ring(database, dialled)) == 404


async def test_extension_reaches_its_own_organization_only(database: PostgresDatabase) -> None:
    first, second = await organization(database, DOMAIN), await organization(database, "other.example.com")
    numbers = await hold(database, first, "5.", "1234")
    own, foreign = await extension_of(database, first, "alice"), await extension_of(database, second, "bob")

    assert taken_by(await ring(database, "1234", caller=own)) == numbers["1234"].id
    assert taken_by(await ring(database, "57", caller=own)) == numbers["5."].id
    assert status(await ring(database, "1234", caller=foreign)) == 404
    assert status(await ring(database, "57", caller=foreign)) == 404


async def test_name_of_an_extension_goes_before_a_pattern_and_a_pattern_before_the_pstn(
    database: PostgresDatabase,
) -> None:
    account_id = await organization(database, DOMAIN)
    everything = (await hold(database, account_id, "*"))["*"]
    caller = await extension_of(database, account_id, "100")
    await extension_of(database, account_id, "101")

    to_extension = await ring(database, "101", caller=caller)
    to_pstn = await ring(database, "+442079460000", caller=caller)

    assert isinstance(to_extension, Admitted)
    assert (to_extension.call.number_id, to_extension.call.type) == (None, "sip-service")
    assert taken_by(to_pstn) == everything.id


async def test_suspended_pattern_refuses_and_an_account_without_money_does_too(database: PostgresDatabase) -> None:
    account_id, poor = await organization(database, DOMAIN), await organization(database, "poor.example", credit=0)
    number = (await hold(database, account_id, "1650.*", "16.*"))["1650.*"]
    await hold(database, poor, "16.*")
    suspended = replace(number, status=NumberStatus.SUSPENDED, suspended_for=SuspendedFor.OPERATOR)
    async with database.transaction() as tx:
        await tx.numbers.save(suspended)

    assert status(await ring(database)) == 480
    assert status(await ring(database, domain="poor.example")) == 402


# --- changes ---------------------------------------------------------------------------------------------------------


async def test_next_call_follows_every_change(database: PostgresDatabase) -> None:
    account_id = await organization(database, DOMAIN)
    short = (await hold(database, account_id, "16.*"))["16.*"]
    assert taken_by(await ring(database)) == short.id

    long = (await hold(database, account_id, "16508.*"))["16508.*"]
    assert taken_by(await ring(database)) == long.id

    await release_number(database, account_id, long.id, NOW)
    assert taken_by(await ring(database)) == short.id

    await restore_number(database, account_id, long.id, NOW)
    assert taken_by(await ring(database)) == long.id

    flow = await add_flow(database, account_id, [{"type": "answer"}], NOW)
    await set_targets(database, account_id, long.id, Targets(voice=FlowTarget(flow.id)), NOW)
    outcome = await ring(database)
    assert isinstance(outcome, Admitted)
    assert outcome.call.flow_id == flow.id

    async with database.transaction() as tx:
        await tx.connection.execute("delete from sip_domains")
    assert status(await ring(database)) == 404


async def test_change_is_followed_with_its_commit_and_not_before(database: PostgresDatabase) -> None:
    account_id = await organization(database, DOMAIN)
    number = (await hold(database, account_id, "16.*"))["16.*"]

    async with database.transaction() as tx:
        await tx.connection.execute("update numbers set number = '17.*'")
        assert taken_by(await ring(database)) == number.id

    assert status(await ring(database)) == 404
    assert taken_by(await ring(database, "17")) == number.id


async def test_anchored_pattern_takes_the_whole_of_what_was_dialled(database: PostgresDatabase) -> None:
    account_id = await organization(database, DOMAIN)
    pattern = await create_pattern(database, account_id, NumberOrder(number="7777|8888"), NOW, anchored=True)

    assert taken_by(await ring(database, "7777")) == pattern.id
    assert status(await ring(database, "17777")) == 404


async def test_call_that_an_exact_number_takes_asks_nothing_about_patterns(database: PostgresDatabase) -> None:
    """What it would ask is hidden from it."""
    account_id = await organization(database, DOMAIN)
    await hold(database, account_id, "*")
    ordinary = await add_number(database, account_id, "+12025550143", NOW)
    async with database.transaction() as tx:
        await tx.connection.execute("alter table sip_domains rename to hidden_domains")
        await tx.connection.execute("alter table pattern_versions rename to hidden_versions")

    assert taken_by(await ring(database, "+12025550143")) == ordinary.id


# --- what is kept with the call, and what is explained ---------------------------------------------------------------


def candidates(decision: RouteDecision) -> list[tuple[str, str, str]]:
    return [(each.what, each.value, each.verdict) for each in decision.candidates]


async def test_call_keeps_what_was_considered(database: PostgresDatabase) -> None:
    account_id = await organization(database, DOMAIN)
    number = (await hold(database, account_id, "16.*", "^16508[2-9]$", "17.*"))["16.*"]

    outcome = await ring(database)

    assert isinstance(outcome, Admitted)
    assert outcome.call.raw_destination == DIALLED
    route = outcome.call.route
    assert route is not None
    assert (route["normalized"], route["verdict"], route["organization"]) == (DIALLED, "run", str(account_id))
    kept = route["candidates"]
    assert isinstance(kept, list)
    assert [(each["what"], each["value"], each["verdict"]) for each in kept] == [
        ("number", "+16508251255", "no match"),
        ("number", DIALLED, "no match"),
        ("sip_number", DIALLED, "no match"),
        ("pattern", "^16508[2-9]$", "no match"),
        ("pattern", "16.*", "chosen"),
    ]
    assert kept[-1]["id"] == str(number.id)
    assert "longest pattern" in kept[-1]["reason"]


async def test_explanation_shows_every_pattern_in_order_with_its_reason(database: PostgresDatabase) -> None:
    account_id = await organization(database)
    numbers = await hold(database, account_id, "16.*", "16508.*", "^17.*$#", "*", "1[2]")
    async with database.transaction() as tx:
        await tx.connection.execute("update numbers set number = '(1650825' where id = $1", numbers["1[2]"].id)

    decision = await explain(database, account_id, "call", "+12125550111", DIALLED, NOW)

    assert decision.number == numbers["16508.*"]
    assert candidates(decision) == [
        ("number", "+16508251255", "no match"),
        ("number", DIALLED, "no match"),
        ("sip_number", DIALLED, "no match"),
        ("pattern", "(1650825", "no match"),
        ("pattern", "16508.*", "chosen"),
        ("pattern", "^17.*$#", "no match"),
        ("pattern", "16.*", "passed over"),
        ("pattern", "*", "passed over"),
    ]
    assert "skipped: " in decision.candidates[3].reason


@pytest.mark.parametrize("dialled", ["1234", "+1234", DIALLED, "alice", "99", "mms:+1"])
async def test_explanation_is_what_the_call_then_does(database: PostgresDatabase, dialled: str) -> None:
    account_id = await organization(database, DOMAIN)
    await hold(database, account_id, "1234", "16.*", "^1650.*$", "mms:+1")

    explained = await explain(database, account_id, "call", "+12125550111", dialled, NOW)
    outcome = await ring(database, dialled)

    rung = outcome.call.number_id if isinstance(outcome, Admitted) else None
    assert rung == (explained.number.id if explained.number else None)


async def test_pattern_of_another_account_is_named_only_where_it_takes_the_call(database: PostgresDatabase) -> None:
    first = await organization(database, DOMAIN)
    second = await beside(database, first)
    own = (await hold(database, first, "16.*"))["16.*"]
    await hold(database, second, "^17.*$")
    assert (await explain(database, first, "call", "", DIALLED, NOW)).number == own

    await hold(database, second, "16508.*")
    decision = await explain(database, first, "call", "", DIALLED, NOW)

    assert (decision.verdict, decision.number) == (Verdict.REFUSE, None)
    assert candidates(decision)[3:] == [("pattern", "", "no match"), ("pattern", "16.*", "passed over")]
    assert "another account" in decision.candidates[3].reason


# --- messages --------------------------------------------------------------------------------------------------------


def message(destination: str, domain: str | None = DOMAIN) -> InboundMessage:
    return InboundMessage("+12125550111", destination, "hello", domain=domain)


async def test_message_by_sip_reaches_a_pattern_under_the_number_that_was_dialled(database: PostgresDatabase) -> None:
    account_id = await organization(database, DOMAIN)
    number = (await hold(database, account_id, "16508.*"))["16508.*"]

    received = await receive_message(database, message(DIALLED), NOW)

    assert isinstance(received, Message)
    assert (received.number_id, received.targets[0].destination.target) == (number.id, DIALLED)
    assert received.raw_destination == DIALLED


async def test_message_of_a_carrier_reaches_channels_and_short_codes_but_no_pattern(database: PostgresDatabase) -> None:
    """The seed: regular expressions are disabled for SMPP, which has no organizations."""
    account_id = await organization(database, DOMAIN)
    numbers = await hold(database, account_id, "mms:+12345678", "1234", "16.*")

    for text in ("mms:+12345678", "1234"):
        received = await receive_message(database, message(text, None), NOW)
        assert isinstance(received, Message)
        assert (received.number_id, received.targets[0].destination.target) == (numbers[text].id, text)
    refused = await receive_message(database, message(DIALLED, None), NOW)
    assert isinstance(refused, MessageRefused)
    assert refused.refused is Refused.UNKNOWN_NUMBER


async def test_flow_of_a_pattern_runs_for_a_message(database: PostgresDatabase) -> None:
    account_id = await organization(database, DOMAIN)
    flow = await add_flow(database, account_id, [{"type": "hangup"}], NOW)
    await create_sip_number(
        database, account_id, NumberOrder(number="16.*", targets=Targets(message=FlowTarget(flow.id))), NOW
    )

    assert isinstance(await receive_message(database, message(DIALLED), NOW), Message)

    async with database.reading() as tx:
        runs = await tx.connection.fetch("select flow_id from runs where account_id = $1", account_id)
    assert [row["flow_id"] for row in runs] == [flow.id]
