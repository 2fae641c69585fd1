"""Porting in the portal, in and out (point 3): the simulated carrier plays the losing one."""

from dialplane.domain.ids import utc_now
from dialplane.services.numbering.port_outs import request_port_out
from dialplane.services.numbering.port_progress import cut_over_ports, play_ports
from dialplane.services.programs.flows import FlowChange, create_flow
from dialplane.services.transaction import Database
from tests.portal.conftest import Shown, Surfer, account_of
from tests.portal.test_documents import PDF
from tests.portal.test_numbers import DID, bought

THERE = "+12025550902"
"""The simulated carrier finds the account number wrong, once."""

HOLDER = {
    "holder.name": "Acme Ltd",
    "holder.account_number": "12345",
    "holder.street": "1 Main Street",
    "holder.locality": "Springfield",
    "holder.postal_code": "01101",
    "holder.pin": "98765",
}


async def _begun(surfer: Surfer, at: str) -> Shown:
    form = await surfer.get(f"{at}/numbers/ports/new")
    return await surfer.send(form, "/ports", numbers=THERE, name="The office", do="begin")


async def _with_letter(surfer: Surfer, port: Shown) -> Shown:
    form = await surfer.get(next(link for link in port.links() if "/documents/new" in link))
    return await surfer.upload(form, "/documents", "letter.pdf", PDF)


async def _play(database: Database) -> None:
    while await play_ports(database, utc_now()):
        pass


async def test_order_goes_from_its_draft_to_numbers_that_work(surfer: Surfer, at: str, database: Database) -> None:
    """Every state in plain words, the exception with what to correct, the targets from before the cut-over."""
    port = await _with_letter(surfer, await _begun(surfer, at))

    incomplete = await surfer.send(port, "/details", do="submit")
    submitted = await surfer.send(port, "/details", do="submit", **HOLDER)
    await _play(database)
    wrong = await surfer.get(port.path)
    listed = await surfer.get(f"{at}/numbers/ports")
    attached = await surfer.send(wrong, "/targets", number=THERE, calls_other="pstn:+12125550123", calls="none")
    await surfer.send(attached, "/details", do="submit", **{**HOLDER, "holder.account_number": "54321"})
    await _play(database)
    await cut_over_ports(database, utc_now())
    over = await surfer.get(port.path)
    targets = over.text[over.text.index('id="targets"') :]
    number = await surfer.get(targets.partition('href="')[2].partition('"')[0])

    assert "is the order's now" in port.words
    assert (incomplete.status, "Company or person in the contract is needed" in incomplete.words) == (422, True)
    assert "We have it and pass it on" in submitted.words
    assert "98765" not in submitted.text
    assert "Account number mismatch" in wrong.words
    assert "Correct Account number there , then submit it again." in wrong.words
    assert "Needs a correction" in listed.words
    assert "calls: forwards to +1 212-555-0123" in attached.words
    assert "The numbers are yours here and work." in over.words
    assert "+1 202-555-0902" in number.words


async def test_numbers_that_cannot_be_ported_are_said_before_the_order(surfer: Surfer, at: str) -> None:
    form = await surfer.get(f"{at}/numbers/ports/new")

    checked = await surfer.send(form, "/ports", numbers="+12025550901\n+12025550903", do="check")
    refused = await surfer.send(form, "/ports", numbers="+12025550901", do="begin")
    unread = await surfer.send(form, "/ports", numbers="12", do="begin")
    empty = await surfer.send(form, "/ports", numbers=" ", do="begin")

    assert "+1 202-555-0901 No carrier of ours serves the place where it belongs No" in checked.words
    assert "+1 202-555-0903 Yes" in checked.words
    assert (refused.status, "cannot be ported" in refused.words) == (422, True)
    assert (unread.status, "must be + and 7 to 15 digits" in unread.words) == (422, True)
    assert (empty.status, "Enter 1 to 100 numbers" in empty.words) == (422, True)


async def test_order_is_called_off(surfer: Surfer, at: str) -> None:
    port = await _begun(surfer, at)

    cancelled = await surfer.send(port, "/cancel")
    again = await surfer.post(f"{port.path}/cancel", {"csrf": port.forms()[0]["csrf"]})
    foreign = await surfer.get(f"{at}/numbers/ports/{'0' * 32}")

    assert "It was called off: the numbers stay where they are." in cancelled.words
    assert "it cannot be called off" in again.words
    assert foreign.status == 404


async def test_other_carriers_request_is_answered(surfer: Surfer, at: str, database: Database) -> None:
    """A number leaves with its owner's PIN and word only."""
    await bought(surfer, at, database)
    page = await surfer.get(f"{at}/numbers/port-outs")

    wrong = await surfer.send(page, "/pin", pin="12")
    await surfer.send(page, "/pin", pin="5678abc")
    await request_port_out(database, DID, "5678abc", "Other Telecom", utc_now())
    asked = await surfer.get(f"{at}/numbers/port-outs")
    kept = await surfer.send(asked, "/answer", do="reject", reason="We stay")
    late = await surfer.send(asked, "/answer", do="approve")
    await request_port_out(database, DID, "5678abc", "Other Telecom", utc_now())
    gone = await surfer.send(await surfer.get(f"{at}/numbers/port-outs"), "/answer", do="approve")

    assert (wrong.status, "4 to 15 letters and digits" in wrong.words) == (422, True)
    assert "Other Telecom asks for this number." in asked.words
    assert f"{DID} stays here." in kept.words
    assert "The request is rejected already" in late.words
    assert f"{DID} may go to Other Telecom." in gone.words


async def test_flows_are_offered_as_targets_by_name(surfer: Surfer, at: str, database: Database) -> None:
    port = await _begun(surfer, at)
    await create_flow(database, account_of(at), FlowChange(name="Front desk"), utc_now())

    shown = await surfer.get(port.path)
    nothing = await surfer.send(shown, "/targets", calls="flow:nobody")

    assert "Flow: Front desk" in shown.words
    assert (nothing.status, "there is no flow called" in nothing.words) == (422, True)
