"""Numbers in the portal: search, buy, configure, release (VoxCPaaS sections 3.1 to 3.5)."""

import pytest

from dialplane.domain.ids import utc_now
from dialplane.domain.money import usd
from dialplane.domain.numbering.numbers import NumberKind
from dialplane.domain.supply.inventory import NewItem
from dialplane.services.supply.inventory import import_items
from dialplane.services.transaction import Database
from tests.portal.conftest import Shown, Surfer

DID = "+14155550101"
TOLL_FREE = "+18005550101"
WITH_DOCUMENTS = "+493012345678"


async def put_on_offer(database: Database) -> None:
    await import_items(
        database,
        [
            NewItem(DID, NumberKind.LOCAL, "US", "CA", "San Francisco", setup_micros=usd(1), monthly_micros=usd(2)),
            NewItem(TOLL_FREE, NumberKind.TOLL_FREE, "US", capabilities=("voice",), monthly_micros=usd(3)),
            NewItem(
                WITH_DOCUMENTS,
                NumberKind.LOCAL,
                "DE",
                "Berlin",
                "Berlin",
                documents_required=("proof_of_address",),
                monthly_micros=usd(1),
            ),
        ],
        utc_now(),
    )


async def buy(surfer: Surfer, at: str, number: str = DID, *, country: str = "US") -> Shown:
    found = await surfer.get(f"{at}/numbers/buy?type=did&country={country}")
    form = next(each for each in found.forms() if each.get("number") == number)
    return await surfer.post(form["_action"], {name: each for name, each in form.items() if not name.startswith("_")})


async def test_search_shows_prices_and_whether_documents_are_required(
    surfer: Surfer, at: str, database: Database
) -> None:
    """Sections 3.1.5 to 3.1.8."""
    await put_on_offer(database)

    american = await surfer.get(f"{at}/numbers/buy?type=did&country=US&region=CA&digits=555&match=contains&voice=yes")
    german = await surfer.get(f"{at}/numbers/buy?type=did&country=DE")
    toll_free = await surfer.get(f"{at}/numbers/buy?type=tollfree&country=US")

    assert "+1 415-555-0101 San Francisco, CA voice, sms $1.00 $2.00 No Purchase" in american.words
    assert "$0.00 $1.00 Yes Order" in german.words
    assert "+1 800-555-0101" in toll_free.words
    assert "+1 415-555-0101" not in toll_free.words


@pytest.mark.parametrize(
    ("query", "field"),
    [("type=x", "Choose DID"), ("type=did&country=usa", "country"), ("type=did&country=US&digits=!", "Digits")],
)
async def test_search_that_cannot_be_is_explained_beside_the_form(
    surfer: Surfer, at: str, query: str, field: str
) -> None:
    shown = await surfer.get(f"{at}/numbers/buy?{query}")

    assert shown.status == 422
    assert field in shown.words


async def test_number_without_documents_is_purchased_at_once(surfer: Surfer, at: str, database: Database) -> None:
    """Sections 3.2.10, 3.2.18 and 3.2.19."""
    await put_on_offer(database)

    shown = await buy(surfer, at)
    listed = await surfer.get(f"{at}/numbers")

    assert "the no. is purchased successfully" in shown.words
    assert "curl -X POST" in shown.words
    assert "+1 415-555-0101" in listed.words


async def test_number_with_documents_is_ordered(surfer: Surfer, at: str, database: Database) -> None:
    """Sections 3.2.11 and 3.2.12."""
    await put_on_offer(database)

    shown = await buy(surfer, at, WITH_DOCUMENTS, country="DE")
    listed = await surfer.get(f"{at}/numbers")

    assert "documentation required" in shown.words
    assert "Proof of address Missing" in shown.words
    assert "Ordered numbers +49 30 12345678 Ordered" in listed.words


async def test_purchase_sent_twice_buys_once(surfer: Surfer, at: str, database: Database) -> None:
    await put_on_offer(database)
    found = await surfer.get(f"{at}/numbers/buy?type=did&country=US")

    first = await surfer.send(found, "/numbers/buy", number=DID)
    again = await surfer.send(found, "/numbers/buy", number=DID)

    assert "the no. is purchased successfully" in first.words
    assert again.path == first.path
    assert "$7.00" in (await surfer.get(at)).words  # ten dollars, less set-up and the first month, once


async def bought(surfer: Surfer, at: str, database: Database) -> Shown:
    await put_on_offer(database)
    return await surfer.get((await buy(surfer, at)).path)


async def test_calls_ring_app_users(surfer: Surfer, at: str, database: Database) -> None:
    """Sections 3.4.4 to 3.4.7."""
    page = await bought(surfer, at, database)
    voice = f"{page.path}/voice"
    token = page.forms()[0]["csrf"]

    await surfer.post(voice, {"csrf": token, "do": "add-user", "user": "ann"})
    shown = await surfer.post(voice, {"csrf": token, "do": "add-user", "user": "bob"})
    removed = await surfer.post(voice, {"csrf": token, "do": "remove-user", "user": "ann"})

    assert "Acme Users" in shown.words
    assert "Calls ring ann, bob." in shown.words
    assert "Calls ring bob." in removed.words


async def test_calls_go_to_a_pstn_number_until_it_is_deleted(surfer: Surfer, at: str, database: Database) -> None:
    """Sections 3.4.11 to 3.4.15."""
    page = await surfer.get((await bought(surfer, at, database)).path + "?way=pstn")

    wrong = await surfer.send(page, "/voice", do="set-pstn", pstn_country="US", pstn="12")
    shown = await surfer.send(page, "/voice", do="set-pstn", pstn_country="US", pstn="(212) 555-0123")
    deleted = await surfer.send(shown, "/voice", do="remove")

    assert wrong.status == 422
    assert "Calls go to +1 212-555-0123" in shown.words
    assert "Calls to the number do nothing now." in deleted.words


async def test_calls_go_to_a_sip_server(surfer: Surfer, at: str, database: Database) -> None:
    """Sections 3.4.19 to 3.4.23."""
    page = await surfer.get((await bought(surfer, at, database)).path + "?way=sip")

    wrong = await surfer.send(page, "/voice", do="set-sip", sip_server="192.0.2.1", sip_port="70000")
    shown = await surfer.send(page, "/voice", do="set-sip", sip_server="192.0.2.1", sip_port="5061")

    assert "a port is 1 to 65535" in wrong.words
    assert "sip:192.0.2.1:5061" in shown.words


async def test_messages_are_posted_to_a_url(surfer: Surfer, at: str, database: Database) -> None:
    """Sections 3.3.3 to 3.3.9, with the document's own URL."""
    page = await bought(surfer, at, database)
    url = "https://example.com/incomingsms:443"

    wrong = await surfer.send(page, "/messages", do="update-url", message_url="nowhere", message_method="POST")
    await surfer.send(page, "/messages", do="update-url", message_url=url, message_method="GET")
    listed = await surfer.get(f"{at}/sms/settings")

    assert wrong.status == 422
    assert f"+1 415-555-0101 GET {url}" in listed.words


async def test_settings_of_the_project_hold_for_numbers_without_their_own(
    surfer: Surfer, at: str, database: Database
) -> None:
    """Sections 3.5.4, 3.5.5 and 3.5.9 to 3.5.11: the test of the number shows where a call goes."""
    number = await bought(surfer, at, database)
    settings = await surfer.get(f"{at}/numbers/settings")

    await surfer.send(settings, "/trunk", sip_server="192.0.2.7", sip_port="5080")
    url = "https://example.com/sms"
    shown = await surfer.send(settings, "/settings/messages", url=url, method="POST")
    call = await surfer.send(number, "/test", kind="call")
    message = await surfer.send(number, "/test", kind="message")

    assert "sip:192.0.2.7:5080" in shown.words
    assert f"POST {url}" in shown.words
    assert "the project's default holds" in call.words
    assert "the project's default holds" in message.words


async def test_released_number_is_taken_back(surfer: Surfer, at: str, database: Database) -> None:
    page = await bought(surfer, at, database)

    released = await surfer.send(page, "/release")
    gone = await surfer.get(f"{at}/numbers")
    listed = await surfer.get(f"{at}/numbers/released")
    back = await surfer.send(released, "/restore")
    again = await surfer.send(listed, "/restore")

    assert "is released" in released.words
    assert "+1 415-555-0101 released" in listed.words
    assert "was not released" in again.words
    assert "No number yet" in gone.words
    assert "is yours again" in back.words


async def test_names_and_tags_are_kept_and_found(surfer: Surfer, at: str, database: Database) -> None:
    page = await bought(surfer, at, database)

    await surfer.send(page, "/details", name="Front desk", tags="sales, berlin")
    by_tag = await surfer.get(f"{at}/numbers?tag=sales")
    by_other = await surfer.get(f"{at}/numbers?name=nobody")

    assert "Front desk" in by_tag.words
    assert "No number fits" in by_other.words


async def test_usage_shows_what_numbers_cost(surfer: Surfer, at: str, database: Database) -> None:
    """Section 3.6: spent summary and usage history."""
    await bought(surfer, at, database)

    overview = await surfer.get(f"{at}/numbers/overview")
    history = await surfer.get(f"{at}/numbers/usage")
    file = await surfer.get(f"{at}/numbers/usage.csv")

    assert "Quantity 1 Amount $3.00" in overview.words
    assert "DID Charges 1 $3.00" in history.words
    assert file.text.splitlines()[1] == f"{DID},DID Charges,1,$3.00"


async def test_prices_are_listed_by_country(surfer: Surfer, at: str) -> None:
    """Sections 2.3.2 and 2.3.3."""
    shown = await surfer.get(f"{at}/pricing?country=DE")
    sheet = await surfer.get(f"{at}/pricing.csv")

    assert "Outgoing call to a mobile number minute $0.01" in shown.words
    assert "DE,Outgoing call to a mobile number,minute,0.01,0.00" in sheet.text


async def test_app_user_is_made_with_the_number_that_rings_it(surfer: Surfer, at: str, database: Database) -> None:
    """Section 3.4.5, for somebody who has no app user yet; the tick makes nothing twice."""
    page = await bought(surfer, at, database)

    wrong = await surfer.send(page, "/voice", do="add-user", user="no hyphens-here", make="yes")
    shown = await surfer.send(page, "/voice", do="add-user", user="ann", make="yes")
    await surfer.send(page, "/voice", do="add-user", user="ann", make="yes")
    users = await surfer.get(f"{at}/app-users")

    assert (wrong.status, "An app username has 1 to 64" in wrong.words) == (422, True)
    assert "Calls ring ann." in shown.words
    assert "no app user has this name yet" not in shown.words
    assert users.text.count('/password"') == 1


async def test_app_users_are_made_renewed_and_deleted(surfer: Surfer, at: str) -> None:
    empty = await surfer.get(f"{at}/app-users?new=bob")

    made = await surfer.send(empty, "/app-users", name="Bob", app_password="correct horse")
    again = await surfer.send(empty, "/app-users", user="bob")
    renewed = await surfer.send(made, "/password")
    deleted = await surfer.send(made, "/delete")

    assert "correct horse" in made.text
    assert (again.status, "There is an app user bob already" in again.words) == (422, True)
    assert "correct horse" not in renewed.text
    assert "No app user yet" in deleted.words


async def test_messages_run_a_document_or_an_application(surfer: Surfer, at: str, database: Database) -> None:
    page = await bought(surfer, at, database)

    wrong = await surfer.send(page, "/messages", do="set-document", message_document="x")
    shown = await surfer.post(
        f"{page.path}/messages",
        {"csrf": page.forms()[0]["csrf"], "do": "set-document", "message_document": "https://example.com/sms.xml"},
    )
    unknown = await surfer.send(page, "/messages", do="set-application", message_application="0" * 32)

    assert wrong.status == 422
    assert "Messages run what you chose." in shown.words
    assert unknown.status == 422


async def test_test_of_a_number_leads_to_the_browser_phone(surfer: Surfer, at: str, database: Database) -> None:
    """Point 3: the test explains the route and can place a call."""
    page = await bought(surfer, at, database)

    explained = await surfer.send(page, "/test", kind="call")
    empty = await surfer.get(next(link for link in explained.links() if "/phone?call=" in link))
    phone = await surfer.send(empty, "/phone")

    assert "Place the call from the browser" in explained.words
    assert f'value="{DID}"' in phone.text


async def test_search_knows_prices_letters_places_and_what_comes_at_once(
    surfer: Surfer, at: str, database: Database
) -> None:
    """Point 3: near, locality, letters, price; what people dial in the country begins a number, too."""
    await put_on_offer(database)
    buy_page = f"{at}/numbers/buy?type=did&country="

    found = {
        query: "+1 415-555-0101" in (await surfer.get(f"{buy_page}US&{query}")).words
        for query in (
            "match=starts&digits=415",
            "match=starts&digits=1415",
            "match=starts&digits=416",
            "digits=JJJ",
            "max_monthly=2",
            "max_monthly=$1.99",
            "max_setup=0.5",
            "place=san+francisco",
            "at_once=yes",
            "order=price",
        )
    }
    german = await surfer.get(f"{buy_page}DE&at_once=yes")
    wrong = [
        await surfer.get(f"{buy_page}US&{query}")
        for query in ("max_monthly=x", "near_number=12", "km=0&near_number=%2B14155550101")
    ]

    assert [query for query, is_there in found.items() if not is_there] == [
        "match=starts&digits=416",
        "max_monthly=$1.99",
        "max_setup=0.5",
    ]
    assert "Nothing on offer fits" in german.words
    assert [shown.status for shown in wrong] == [422, 422, 422]


async def test_virtual_number_is_free(surfer: Surfer, at: str) -> None:
    found = await surfer.get(f"{at}/numbers/buy?type=virtual")

    bought_one = await surfer.send(found, "/numbers/buy")

    assert "the no. is purchased successfully" in bought_one.words
    assert "Virtual" in bought_one.words


async def test_number_is_reserved_bought_and_another_one_given_back(
    surfer: Surfer, at: str, database: Database
) -> None:
    await put_on_offer(database)
    found = await surfer.get(f"{at}/numbers/buy?type=did&country=US")

    kept = await surfer.send(found, "/reservations", number=DID)
    gone = await surfer.send(found, "/reservations", number="+14155559999")
    given_back = await surfer.send(kept, "/end")
    again = await surfer.send(found, "/reservations", number=DID)
    owned = await surfer.send(again, "/numbers/buy", number=DID)

    assert "Kept for you +1 415-555-0101" in kept.words
    assert "was not reserved" in gone.words
    assert f"{DID} is on offer again." in given_back.words
    assert "the no. is purchased successfully" in owned.words


async def test_metadata_is_kept_and_every_change_is_told_with_who_made_it(
    surfer: Surfer, at: str, database: Database
) -> None:
    page = await bought(surfer, at, database)

    wrong = await surfer.send(page, "/details", metadata="no value here")
    await surfer.send(page, "/details", metadata="site = Berlin\nfloor = 3", tags="sales")
    shown = await surfer.send(await surfer.get(page.path), "/details", metadata="site = Paris", tags="sales")
    history = await surfer.get(f"{page.path}/history")
    stranger = await surfer.get(f"{at}/numbers/{'0' * 32}/history")

    assert (wrong.status, "is no key = value" in wrong.words) == (422, True)
    assert ">site = Paris</textarea>" in shown.text
    assert "Updated by Ann metadata site = Berlin, floor = 3 site = Paris" in history.words
    assert "tags nothing sales" in history.words
    assert stranger.status == 404


async def test_refused_document_keeps_what_was_typed_and_chosen(surfer: Surfer, at: str, database: Database) -> None:
    """Point 9: the error is said beside its field, and belongs to it for who does not see it."""
    page = await bought(surfer, at, database)
    form = await surfer.get(f"{page.path}?way=document")

    refused = await surfer.send(form, "/voice", do="set-document", document_url="ftp://example.com", method="GET")
    kept = refused.form("/voice")

    assert refused.status == 422
    assert (kept["document_url"], kept["method"]) == ("ftp://example.com", "GET")
    assert 'aria-invalid="true" aria-describedby="document_url-error"' in refused.text


async def test_choice_that_is_none_is_marked_at_its_list(surfer: Surfer, at: str, database: Database) -> None:
    page = await bought(surfer, at, database)
    await surfer.send(await surfer.get(f"{at}/flows/new?template=blank"), "/flows")
    form = await surfer.get(f"{page.path}?way=flow")

    refused = await surfer.send(form, "/voice", do="set-flow", flow="")

    assert refused.status == 422
    assert '<select id="flow" name="flow" aria-invalid="true" aria-describedby="flow-error">' in refused.text


async def test_error_beside_a_field_does_not_say_its_name_in_the_api(
    surfer: Surfer, at: str, database: Database
) -> None:
    page = await bought(surfer, at, database)
    form = await surfer.get(f"{page.path}?way=pstn")

    refused = await surfer.send(form, "/voice", do="set-pstn", pstn_country="US", pstn="12")

    assert refused.status == 422
    assert ">It must be + and 7 to 15 digits, got &#39;+112&#39;<" in refused.text
