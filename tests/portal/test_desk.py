"""The operator's desk: who comes in, what is done there, and that all of it is in the audit log."""

import asyncio
import re
from collections.abc import Mapping
from datetime import timedelta

import aiohttp
import pytest

from dialplane.domain.charging.ledger import Charge, ReferenceType
from dialplane.domain.charging.rating import CostType, Rate
from dialplane.domain.ids import AccountId, PersonId, first_id, new_id, utc_now
from dialplane.domain.money import usd
from dialplane.domain.numbering.documents import DocumentDraft
from dialplane.domain.operating.audit import DeedFilter, Outcome, Via
from dialplane.faces.dependencies import Dependencies
from dialplane.faces.portal.routes import HANDLERS
from dialplane.faces.portal.routing import ACCESS, Access
from dialplane.services.charging.ledger import charge
from dialplane.services.identity.operators import appoint_person, dismiss_operator, list_operators, make_operator
from dialplane.services.numbering.documents import upload_document
from dialplane.services.operating.audit import list_deeds
from dialplane.services.transaction import Database
from tests.faces.conftest import CheapHasher, make_tenant
from tests.portal.conftest import Shown, Surfer, another, join, sign_in
from tests.portal.test_security import HOSTILE, NOBODY

DESK = "/portal/operator"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 32

DESK_PAGES = sorted(
    path
    for handler in HANDLERS
    for path in handler.paths
    if handler.opt[ACCESS] is Access.OPERATOR and "GET" in handler.http_methods
)


def _filled(path: str) -> str:
    return "/portal" + re.sub(r"\{[a-z_]+:uuid\}", NOBODY, re.sub(r"\{[a-z_]+:str\}", "default", path))


@pytest.fixture
async def operator(stranger: Surfer, database: Database) -> Surfer:
    """Ann, who is an operator."""
    made = await make_operator(database, CheapHasher(), "ann@example.com", utc_now())
    await sign_in(stranger, "ann@example.com", made.password)
    return stranger


async def _account(database: Database, name: str = "Acme") -> AccountId:
    return (await make_tenant(database, name=name)).id


async def _send(operator: Surfer, path: str, action: str, **fields: str) -> Shown:
    return await operator.send(await operator.get(path), action, **fields)


# --- who comes in ----------------------------------------------------------------------------------------------------


async def test_nobody_but_operators_comes_in(surfer: Surfer) -> None:
    pages = [await surfer.get(_filled(path)) for path in DESK_PAGES]
    stranger = await another(surfer).get(DESK)

    assert {page.status for page in pages} == {403}
    assert stranger.path.startswith("/portal/sign-in")
    assert "desk" not in (await surfer.get("/portal/projects")).text


async def test_who_becomes_operator_signs_in_again(surfer: Surfer, database: Database) -> None:
    """WEB-4: a change of privileges ends the sessions of before."""
    await appoint_person(database, "ANN@example.com", utc_now())

    cut_off = await surfer.get(DESK)
    await sign_in(surfer, "ann@example.com")
    shown = await surfer.get(DESK)

    assert cut_off.path.startswith("/portal/sign-in")
    assert (shown.status, "Queues" in shown.words) == (200, True)


async def test_last_operator_stays(operator: Surfer, database: Database) -> None:
    await make_operator(database, CheapHasher(), "bob@example.com", utc_now())
    operators = await list_operators(database)
    dismissals = await asyncio.gather(
        *(dismiss_operator(database, person.id, utc_now()) for person in operators), return_exceptions=True
    )

    assert len(await list_operators(database)) == 1
    assert sum(isinstance(each, Exception) for each in dismissals) == 1


async def test_operator_is_appointed_and_dismissed_on_the_desk(operator: Surfer) -> None:
    await join(another(operator), "bob@example.com", name="Bob")

    unknown = await _send(operator, f"{DESK}/operators", "/operators", email="nobody@example.com")
    shown = await _send(operator, f"{DESK}/operators", "/operators", email="bob@example.com")
    dismissed = await operator.send(shown, "/dismiss")  # the first of the list: herself

    assert "Nobody has signed up with this address" in unknown.words
    assert "bob@example.com is an operator" in shown.words
    assert "The same on the command line dialplane operator add" in shown.words
    assert dismissed.path.startswith("/portal/sign-in")


# --- accounts --------------------------------------------------------------------------------------------------------


async def test_account_is_found_among_others_by_name_mail_id_and_sid(operator: Surfer, database: Database) -> None:
    wanted = await make_tenant(database, name="Globex Corporation")
    for name in ("Acme", "Initech"):
        await make_tenant(database, name=name)

    sid = "AC" + wanted.id.hex
    for text in ("globex", wanted.username.upper(), str(wanted.id), sid):
        shown = await operator.get(f"{DESK}/accounts?q={text}")
        assert ("Globex Corporation" in shown.words, "Initech" in shown.words) == (True, False), text


async def test_list_of_accounts_pages_without_leaving_one_out(operator: Surfer, database: Database) -> None:
    for n in range(27):
        await make_tenant(database, name=f"Tenant {n:02}.")

    first = await operator.get(f"{DESK}/accounts?q=tenant")
    second = await operator.get(next(link for link in first.links() if "after=" in link))
    names = re.findall(r"<strong>(Tenant \d\d\.)", first.text + second.text)

    assert names == [f"Tenant {n:02}." for n in reversed(range(27))]


async def test_account_is_opened_and_its_owner_signs_in(operator: Surfer) -> None:
    form = await operator.get(f"{DESK}/accounts/new")
    refused = await operator.send(form, "/new", name="Hooli", email="no address")
    made = await operator.send(form, "/new", name="Hooli", email="gavin@hooli.example", amount="12.50", verified="yes")
    password = re.search(r"Portal password ([A-Za-z0-9]{16})", made.words)
    assert password is not None
    owner = another(operator)
    signed_in = await sign_in(owner, "gavin@hooli.example", password[1])

    assert (refused.status, "Enter an e-mail address" in refused.words) == (422, True)
    assert "$12.50" in signed_in.words


async def test_standing_plan_and_identity_are_changed(operator: Surfer, database: Database) -> None:
    at = f"{DESK}/accounts/{await _account(database)}"

    suspended = await _send(operator, at, "/suspend")
    opened = await _send(operator, at, "/open")
    planned = await _send(operator, at, "/plan", plan="professional")
    verified = await _send(operator, at, "/identity", verified="yes")

    assert "Open it again" in suspended.words
    assert "Suspend" in opened.words
    assert "The plan is professional now" in planned.words
    assert "counts as verified" in verified.words


async def test_account_is_closed_only_by_its_name(operator: Surfer, database: Database) -> None:
    at = f"{DESK}/accounts/{await _account(database, 'Acme')}"

    wrong = await _send(operator, at, "/close", close_name="acme inc")
    closed = await _send(operator, at, "/close", close_name="Acme")

    assert wrong.status == 422
    assert "The account is closed" in closed.words
    assert "Acme" not in (await operator.get(f"{DESK}/accounts?q=acme")).words.partition("Since")[2]
    assert "Acme" in (await operator.get(f"{DESK}/accounts?q=acme&status=deleted")).words


async def test_credit_is_given_once_however_often_the_form_is_sent(operator: Surfer, database: Database) -> None:
    account = await _account(database)
    page = await operator.get(f"{DESK}/accounts/{account}")
    given = [await operator.send(page, "/credit", amount="5", reason="Goodwill", do="give") for _ in range(3)]
    taken = await _send(operator, f"{DESK}/accounts/{account}", "/credit", amount="1", reason="Mistake", do="take")
    too_much = await _send(operator, f"{DESK}/accounts/{account}", "/credit", amount="5000", reason="x", do="take")
    without = await _send(operator, f"{DESK}/accounts/{account}", "/credit", amount="1", reason="", do="give")

    assert "$105.00" in given[-1].words
    assert "$104.00" in taken.words
    assert (too_much.status, without.status) == (422, 422)
    assert "Say why" in without.words


async def test_support_reads_a_project_and_changes_nothing(
    operator: Surfer, database: Database, ports: Dependencies
) -> None:
    account = await _account(database)
    at = f"/portal/projects/{account}"

    shown = await operator.get(at)
    token = shown.forms()[0]["csrf"]
    refused = await operator.post(f"{at}/name", {"csrf": token, "name": "Stolen"})
    keys = await operator.get(f"{at}/keys")
    looks = await list_deeds(database, DeedFilter(via=Via.SUPPORT, account_id=account))

    assert "You look into this project as support" in shown.words
    assert (refused.status, keys.status) == (403, 403)
    assert [(deed.actor, deed.outcome) for deed in looks] == [("ann@example.com", Outcome.DONE)]


# --- numbers ---------------------------------------------------------------------------------------------------------


async def _import(operator: Surfer, content: bytes, **fields: str) -> Shown:
    page = await operator.get(f"{DESK}/stock/imports")
    return await _upload(operator, page, "/imports", content, fields)


async def _upload(operator: Surfer, page: Shown, action: str, content: bytes, fields: Mapping[str, str]) -> Shown:
    form = {**page.form(action), **fields}
    data = aiohttp.FormData()
    for name, value in form.items():
        if name[0] != "_" and name != "file":
            data.add_field(name, value)
    data.add_field("file", content, filename="numbers.csv", content_type="text/csv")
    async with operator.session.post(
        operator.base + form["_action"],
        data=data,
        headers={"Cookie": f"__Host-dialplane={operator.cookie}"},
        allow_redirects=False,
    ) as answer:
        if answer.status == 303:
            return await operator.get(answer.headers["location"])
        return Shown(answer.status, answer.headers, await answer.text(), form["_action"])


async def test_import_is_shown_applied_and_taken_back(operator: Surfer) -> None:
    file = b"number,type,country,monthly\n+14155550101,local,US,1.50\n+14155550102,local,US,1.50\nnonsense,local,US,1\n"

    preview = await _import(operator, file)
    refused = await operator.send(preview, "/apply")
    applied = await operator.send(preview, "/apply", skip_problems="yes")
    stock = await operator.get(f"{DESK}/stock?starts_with=1415")
    csv = await operator.get(f"{DESK}/stock/export?starts_with=1415")
    undone = await operator.send(applied, "/undo")

    assert "Put 2 numbers into stock" in preview.words
    assert refused.status == 200
    assert "nonsense" in refused.words
    assert "The import is applied. In stock by it so far: 2." in applied.words
    assert "+1 415-555-0101" in stock.words
    assert csv.text.count("+1415555") == 2
    assert "Undone" in undone.words
    assert "+1 415-555-0101" not in (await operator.get(f"{DESK}/stock?starts_with=1415")).words


async def test_number_is_put_into_stock_by_hand(operator: Surfer) -> None:
    fields = {"number": "+1 415 555 0107", "new_kind": "local", "new_country": "US", "monthly": "2"}
    shown = await _send(operator, f"{DESK}/stock", "/stock", **fields, capability="voice")
    wrong = await _send(operator, f"{DESK}/stock", "/stock", **{**fields, "number": "12"}, capability="voice")

    assert "+14155550107 is in stock" in shown.words
    assert wrong.status == 422


async def test_document_is_looked_at_approved_and_rejected_with_a_reason(
    operator: Surfer, database: Database, ports: Dependencies
) -> None:
    """WEB-10: only staff decides, and each step is in the log."""
    account = await _account(database)
    paths = []
    for kind in ("proof_of_identity", "proof_of_address"):
        made = await upload_document(
            database, ports.objects, account, DocumentDraft(kind, PNG, name=HOSTILE), utc_now()
        )
        paths.append(f"{DESK}/documents/{made.id}")

    listed = await operator.get(f"{DESK}/documents")
    page = await operator.get(paths[0])
    image = await operator.get(f"{paths[0]}/image")
    approved = await operator.send(page, "/review", verdict="approve")
    again = await operator.send(page, "/review", verdict="approve")
    without = await _send(operator, paths[1], "/review", verdict="reject", reason="")
    rejected = await _send(operator, paths[1], "/review", verdict="reject", reason="Not readable")
    deeds = await list_deeds(database, DeedFilter(deed="documents.review"))
    looks = await list_deeds(database, DeedFilter(deed="documents.image"))

    assert "Proof of identity" in listed.words
    assert image.headers["content-disposition"].startswith("attachment")
    assert image.headers["x-content-type-options"] == "nosniff"
    assert "is approved" in approved.words
    assert "approved already" in again.words
    assert without.status == 422
    assert [deed.subject for deed in looks] == [paths[0].rpartition("/")[2]]
    assert "rejected, and its owner is told why" in rejected.words
    assert [deed.outcome for deed in deeds] == [Outcome.DONE, Outcome.REFUSED, Outcome.REFUSED, Outcome.DONE]


# --- traffic and prices ----------------------------------------------------------------------------------------------


async def test_trunk_is_added_checked_and_removed(operator: Surfer) -> None:
    fields = {"name": "Carrier A", "host": "127.0.0.1", "port": "9", "networks": "203.0.113.0/24"}
    wrong = await _send(operator, f"{DESK}/carriers", "/trunks", **{**fields, "networks": "nowhere"})
    added = await _send(operator, f"{DESK}/carriers", "/trunks", **fields)
    checked = await operator.send(added, "/check")
    removed = await operator.send(checked, "/remove")

    assert (wrong.status, "is no network such as" in wrong.words) == (422, True)
    assert "Carrier A is there" in added.words
    assert "Carrier A:" in checked.words  # nobody listens on the discard port
    assert "No trunk yet" in removed.words


async def test_trunk_with_a_name_alone_is_shown_as_dns_has_it(operator: Surfer) -> None:
    fields = {"name": "Carrier N", "host": "sip.carrier.invalid", "port": "", "transport": ""}
    added = await _send(operator, f"{DESK}/carriers", "/trunks", **fields)
    checked = await operator.send(added, "/check")
    await operator.send(checked, "/remove")

    assert "calls go to sip.carrier.invalid , priority 10" in added.words.replace("invalid,", "invalid ,")
    assert "Carrier N: its name leads nowhere" in checked.words


async def test_route_is_added_shown_in_its_order_and_removed(operator: Surfer) -> None:
    empty = await operator.get(f"{DESK}/routes")
    trunk = {"name": "Carrier R", "host": "127.0.0.1", "port": "9"}
    await _send(operator, f"{DESK}/carriers", "/trunks", **trunk)
    listed = await operator.get(f"{DESK}/routes")
    trunk_id = re.findall(r'<option value="([0-9a-f-]{36})"[^>]*>Carrier R<', listed.text)[0]
    wish = {"trunk_id": trunk_id, "target": "+4420", "priority": "20", "name": "London"}
    wrong = await operator.send(listed, "/routes", **{**wish, "target": "here"})
    none = await operator.send(listed, "/routes", **{**wish, "trunk_id": ""})
    high = await operator.send(listed, "/routes", **{**wish, "priority": "9999999"})
    added = await operator.send(listed, "/routes", **wish)
    removed = await operator.send(added, "/remove")

    assert "add one" in empty.words
    assert (wrong.status, "what numbers begin with" in wrong.words) == (422, True)
    assert (none.status, high.status) == (422, 422)
    assert "+4420 by Carrier R" in " ".join(added.words.split())
    assert "the next call follows it" in added.words
    assert "No route yet" in removed.words
    await _send(operator, f"{DESK}/carriers", "/remove")


async def test_rates_are_read_shown_imported_and_exported(operator: Surfer) -> None:
    made = await _send(operator, f"{DESK}/rates", "/rates", id="wholesale", name="Wholesale")
    file = b"prefix,per_minute,description\n44,0.012,United Kingdom\n4420,0.010,London\n"

    plan = await _upload(operator, made, "/import", file, {"mode": "merge"})
    later = await operator.send(plan, "/apply", effective_at=f"{utc_now() + timedelta(days=3):%Y-%m-%d}")
    cancelled = await operator.send(later, "/cancel")
    imported = await operator.send(await _upload(operator, made, "/import", file, {"mode": "merge"}), "/apply")
    exported = await operator.get(f"{DESK}/rates/wholesale/export")
    priced = await _send(operator, f"{DESK}/rates/wholesale", "/flat", sms="0.0095")

    assert "2 added" in plan.words
    assert "The file waits for its day" in later.words
    assert "Cancelled" in cancelled.words
    assert "Rates added: 2" in imported.words
    assert "London" in exported.text
    assert "from now on: 1" in priced.words


async def test_id_that_no_deck_can_have_is_not_found(operator: Surfer) -> None:
    token = (await operator.get(DESK)).forms()[0]["csrf"]
    for path in ("export", "flat", "import", "apply", f"changes/{NOBODY}/cancel"):
        where = f"{DESK}/rates/no%00deck/{path}"
        answer = await (operator.get(where) if path == "export" else operator.post(where, {"csrf": token}))
        assert answer.status == 404, path


async def test_plan_limits_are_changed_and_bad_ones_refused(operator: Surfer) -> None:
    wrong = await _send(operator, f"{DESK}/plans", "/free", flows="many")
    changed = await _send(operator, f"{DESK}/plans", "/free", flows="7", queues="")

    form = changed.form("/free")
    assert (wrong.status, "Enter a number, or nothing for no limit" in wrong.words) == (422, True)
    assert (form["flows"], form["queues"]) == ("7", "")


# --- records ---------------------------------------------------------------------------------------------------------


async def test_every_deed_on_the_desk_is_in_the_log_with_what_came_of_it(operator: Surfer, database: Database) -> None:
    account = await _account(database)
    at = f"{DESK}/accounts/{account}"
    await _send(operator, at, "/credit", amount="5", reason="Goodwill", do="give")
    await _send(operator, at, "/credit", amount="0", reason="Nothing", do="give")

    deeds = await list_deeds(database, DeedFilter(account_id=account))
    shown = await operator.get(f"{DESK}/audit?account={account}&deed=credit&actor=ANN@example.com")

    assert [(deed.deed, deed.outcome, deed.facts["amount"]) for deed in deeds] == [
        ("accounts.credit", Outcome.REFUSED, "0"),
        ("accounts.credit", Outcome.DONE, "5"),
    ]
    assert all("csrf" not in deed.facts for deed in deeds)
    assert "Goodwill" in shown.words


async def test_what_people_do_in_projects_is_in_the_log_without_what_they_wrote(
    surfer: Surfer, at: str, database: Database
) -> None:
    await surfer.send(await surfer.get(at), "/name", name="Renamed")

    deed = (await list_deeds(database, DeedFilter(deed="name", via=Via.PORTAL)))[0]

    assert (deed.actor, str(deed.account_id), deed.facts) == ("ann@example.com", at.rsplit("/", 1)[1], {})


async def test_log_refuses_to_be_changed(operator: Surfer, database: Database) -> None:
    await _send(operator, f"{DESK}/operators", "/operators", email="nobody@example.com")

    for statement in ("delete from audit_log", "update audit_log set actor = 'nobody'"):
        async with database.reading() as tx:
            with pytest.raises(Exception, match="only added to"):
                await tx.connection.execute(statement)  # type: ignore[attr-defined]  # the real store


async def test_filters_that_are_none_break_nothing(operator: Surfer) -> None:
    for query in ("since=x", "account=nobody", "until=9999-12-31", "after=%%%", "via=x&outcome=y"):
        assert (await operator.get(f"{DESK}/audit?{query}")).status in (200, 422), query


async def test_texts_are_shown_as_texts_on_every_page_of_the_desk(
    operator: Surfer, database: Database, ports: Dependencies
) -> None:
    """WEB-6, WEB-7."""
    account = await _account(database, HOSTILE)
    document = await upload_document(
        database, ports.objects, account, DocumentDraft(HOSTILE[:60], PNG, name=HOSTILE), utc_now()
    )
    await _send(operator, f"{DESK}/carriers", "/trunks", name=HOSTILE, networks="203.0.113.9/32")
    await _send(operator, f"{DESK}/rates", "/rates", id="hostile", name=HOSTILE)
    await _send(operator, f"{DESK}/accounts/{account}", "/credit", amount="5", reason=HOSTILE, do="give")
    await _send(operator, f"{DESK}/organizations", "/organizations", name=HOSTILE)
    await operator.send(await operator.get("/portal/profile"), "/profile", name=HOSTILE, timezone="UTC")

    paths = [_filled(path).replace(f"documents/{NOBODY}", f"documents/{document.id}") for path in DESK_PAGES]
    paths = [path.replace(NOBODY, str(account)) for path in paths if not path.endswith(("/export", "/content"))]
    shown = [
        await operator.get(path) for path in [*paths, f"{DESK}/accounts?q={HOSTILE}", f"{DESK}/audit?deed={HOSTILE}"]
    ]

    assert any("&lt;img" in page.text for page in shown)
    for page in shown:
        assert page.status in (200, 404), page.path
        assert "<img src=x" not in page.text, page.path
        ours = re.sub(r"&lt;img.*?&gt;", "", page.text)
        assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=|javascript:", ours), page.path


def test_ids_of_one_moment_stand_behind_its_first() -> None:
    now = utc_now()

    assert first_id(now) <= PersonId(new_id(now)) < first_id(now + timedelta(seconds=1))


async def test_spending_spike_and_refused_strangers_stand_on_the_first_page(
    operator: Surfer, database: Database
) -> None:
    """FRD-5, over the records as they are."""
    account = await _account(database, "Spender")
    async with database.transaction() as tx:
        rate = Rate(CostType.CALL_PSTN_OUTGOING, usd(30))
        now = utc_now()
        await charge(tx, account, Charge("spike", rate, 1, ReferenceType.CALL, new_id(now), now, now), now)

    shown = await operator.get(DESK)
    unusual = await operator.get(f"{DESK}/unusual")

    assert "Spender $30.00 in the last hour, and nothing before severe" in shown.words
    assert "Spender" in unusual.words


async def test_columns_of_an_import_are_chosen_by_hand(operator: Surfer) -> None:
    page = await operator.get(f"{DESK}/stock/imports")
    file = b"Rufnummer,Ort,City\n+14155550191,San Francisco,Paris\n"
    guessed = await operator.upload(page, "/imports", "numbers.csv", file, monthly="2")
    columns = guessed.form("/columns")
    twice = await operator.send(guessed, "/columns", column_0="number", column_1="number")
    again = await operator.send(guessed, "/columns", column_1="", column_2="locality")

    assert {name: columns[name] for name in ("column_0", "column_1", "column_2")} == {
        "column_0": "number", "column_1": "locality", "column_2": "",
    }  # fmt: skip
    assert "Paris, $2.00 a month" in guessed.words
    assert (twice.status, "is chosen for two columns" in twice.words) == (422, True)
    assert again.path != guessed.path
    assert "San Francisco, $2.00 a month" in again.words
    await operator.send(again, "/apply")
    late = await operator.post(f"{again.path}/columns", {"csrf": columns["csrf"]})
    assert "can no longer be read again" in late.words


async def test_outbound_limits_are_set_and_a_pause_is_lifted(operator: Surfer, database: Database) -> None:
    """FRD-3, FRD-5."""
    account = await _account(database)
    at = f"{DESK}/accounts/{account}/outbound"
    async with database.transaction() as tx:
        await tx.outbound_limits.open(account, utc_now())
        await tx.outbound_limits.pause(account, "$30.00 in the last hour", utc_now())

    paused = await operator.get(at)
    project = await operator.get(f"/portal/projects/{account}/calls")
    wrong = await operator.send(paused, "/limits", concurrent_calls="many", spend_per_day="5")
    saved = await operator.send(paused, "/limits", concurrent_calls="10", spend_per_day="5.50")
    lifted = await operator.send(saved, "/lift")

    assert "$30.00 in the last hour" in paused.words
    assert "Outgoing calls and texts are paused" in project.words
    assert (wrong.status, "Enter a whole number" in wrong.words) == (422, True)
    assert {saved.form("/limits")[name] for name in ("concurrent_calls", "spend_per_day")} == {"10", "5.50"}
    assert "Goes out" in lifted.words
    assert "paused" not in (await operator.get(f"/portal/projects/{account}/calls")).words


async def test_system_page_adds_the_ledger_up_when_asked(operator: Surfer) -> None:
    assert "balanced" not in (await operator.get(DESK)).words
    assert "balanced" in (await operator.get(f"{DESK}?ledger=yes")).words
