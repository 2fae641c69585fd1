"""Ordered numbers and the documents that they wait for (VoxCPaaS 3.2.11 to 3.2.17; WEB-9, WEB-10)."""

from io import BytesIO

from dialplane.domain.ids import utc_now
from dialplane.domain.numbering.documents import Verdict
from dialplane.services.numbering.documents import list_documents, review_document
from dialplane.services.transaction import Database
from tests.portal.conftest import Shown, Surfer, another, join
from tests.portal.test_numbers import WITH_DOCUMENTS, buy, put_on_offer

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


async def _ordered(surfer: Surfer, at: str, database: Database) -> Shown:
    await put_on_offer(database)
    return await buy(surfer, at, WITH_DOCUMENTS, country="DE")


async def _upload(surfer: Surfer, ordered: Shown, content: bytes = PDF, **fields: str) -> Shown:
    form = await surfer.get(next(link for link in ordered.links() if "/documents/new" in link))
    return await surfer.upload(form, "/documents", "proof.pdf", content, **fields)


async def _review(database: Database, verdict: Verdict, reason: str = "") -> None:
    document = (await list_documents(database, None))[0]
    await review_document(database, document.id, verdict, reason, utc_now())


async def test_document_is_uploaded_for_the_order_that_asks_for_it(surfer: Surfer, at: str, database: Database) -> None:
    """Sections 3.2.14 to 3.2.16."""
    ordered = await _ordered(surfer, at, database)

    shown = await _upload(surfer, ordered, name="Rent contract", expires_on="2099-12-31")
    listed = await surfer.get(f"{at}/numbers/documents")

    assert "Everything is handed in for +493012345678" in shown.words
    assert "Proof of address In review" in shown.words
    assert "Rent contract PDF" in listed.words
    assert "Proof of address In review 2099-12-31" in listed.words


async def test_rejected_document_is_shown_with_its_reason_and_another_one_is_handed_in(
    surfer: Surfer, at: str, database: Database
) -> None:
    ordered = await _ordered(surfer, at, database)
    await _upload(surfer, ordered)
    await _review(database, Verdict.REJECT, "The name cannot be read.")

    rejected = await surfer.get(f"{at}/numbers/ordered")
    asked = await surfer.get(f"{at}/numbers/documents")
    again = await _upload(surfer, rejected, PDF + b"better")
    await _review(database, Verdict.APPROVE)
    approved = await surfer.get(f"{at}/numbers/documents")

    assert "Proof of address The name cannot be read. Hand in another one. Rejected Upload" in rejected.words
    assert "Rejected: The name cannot be read." in asked.words
    assert "Proof of address In review" in again.words
    assert "Proof of address Approved" in approved.words


async def test_document_that_is_there_is_handed_in_for_a_later_order(
    surfer: Surfer, at: str, database: Database
) -> None:
    await put_on_offer(database)
    form = await surfer.get(f"{at}/numbers/documents/new")
    await surfer.upload(form, "/documents", "id.png", b"\x89PNG\r\n\x1a\n....", kind="proof_of_address")
    ordered = await buy(surfer, at, WITH_DOCUMENTS, country="DE")

    shown = await surfer.send(ordered, "/hand-in")

    assert "Everything is handed in" in shown.words


_NOT_TAKEN = {
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "polyglot": b"GIF89a%PDF-1.7",
    "zip": b"PK\x03\x04 a bomb",
    "empty": b"",
    "over 10 MiB": b"%PDF-" + b"0" * (10 << 20),
}


async def test_file_of_another_kind_or_size_is_refused_beside_the_field(
    surfer: Surfer, at: str, database: Database
) -> None:
    """WEB-9. What counts is the content, not the name."""
    form = await surfer.get(f"{at}/numbers/documents/new")

    shown = {
        what: await surfer.upload(form, "/documents", "proof.pdf", content, name="My name stays")
        for what, content in _NOT_TAKEN.items()
    }

    says = "The file must be a PDF, PNG or JPEG of at most 10 MiB"
    assert {what: (page.status, says in page.words) for what, page in shown.items()} == dict.fromkeys(
        _NOT_TAKEN, (422, True)
    )
    assert all("My name stays" in page.text for page in shown.values())
    assert await list_documents(database, None) == []


async def test_upload_beyond_the_largest_body_is_refused(surfer: Surfer, at: str) -> None:
    form = await surfer.get(f"{at}/numbers/documents/new")

    shown = await surfer.upload(form, "/documents", "proof.pdf", b"%PDF-" + b"0" * (12 << 20))

    assert shown.status == 400
    assert "larger than 12 MiB" in shown.words


async def test_file_name_is_shown_as_text_and_leads_nowhere(surfer: Surfer, at: str, database: Database) -> None:
    """WEB-7, WEB-9: folders, marks that turn the writing round, and markup in a name."""
    form = await surfer.get(f"{at}/numbers/documents/new")

    name = '../../etc/"><img src=x onerror=1>\u202e.pdf'
    shown = await surfer.upload(form, "/documents", name, PDF, kind="proof_of_identity")

    kept = (await list_documents(database, None))[0]
    assert "/" not in kept.name
    assert kept.name.isprintable()
    assert "<img src=x" not in shown.text


async def test_file_comes_back_as_an_attachment_to_members_only(surfer: Surfer, at: str, database: Database) -> None:
    """WEB-9: not shown by the browser, and another project's document is as one that does not exist."""
    form = await surfer.get(f"{at}/numbers/documents/new")
    shown = await surfer.upload(form, "/documents", "proof.pdf", PDF, kind="proof_of_identity")
    link = next(link for link in shown.links() if link.endswith("/content"))
    stranger = another(surfer)
    await join(stranger, "eve@example.com", name="Eve")
    hers = (await stranger.send(await stranger.get("/portal/projects/new"), "/new", name="Hers")).path

    file = await surfer.get(link)
    foreign = await stranger.get(link)
    borrowed = await stranger.get(link.replace(at, hers))

    assert file.text.encode() == PDF
    assert file.headers["content-disposition"].startswith("attachment")
    assert file.headers["content-type"] == "application/octet-stream"
    assert file.headers["x-content-type-options"] == "nosniff"
    assert (foreign.status, borrowed.status) == (404, 404)


async def test_document_is_deleted_unless_an_order_waits_on_it(surfer: Surfer, at: str, database: Database) -> None:
    ordered = await _ordered(surfer, at, database)
    await _upload(surfer, ordered)
    listed = await surfer.get(f"{at}/numbers/documents")

    refused = await surfer.send(listed, "/delete")
    await surfer.send(await surfer.get(f"{at}/numbers/ordered"), "/cancel")
    deleted = await surfer.send(listed, "/delete")

    assert "An order waits on this document" in refused.words
    assert "proof.pdf is deleted" in deleted.words
    assert "No document yet" in deleted.words


async def test_upload_that_cannot_be_is_explained_beside_its_field(surfer: Surfer, at: str) -> None:
    form = await surfer.get(f"{at}/numbers/documents/new")
    wrong = [
        ({"kind": ""}, "It has 1 to 64 characters"),
        ({"expires_on": "2001-01-01"}, "It lies in the past"),
        ({"expires_on": "soon"}, "Enter a day such as 2030-12-31"),
        ({"order": "x"}, "Choose an order"),
        ({"order": "0" * 32}, "no such order"),
    ]

    for fields, says in wrong:
        shown = await surfer.upload(form, "/documents", "proof.pdf", PDF, **{"kind": "proof_of_address", **fields})

        assert (shown.status, says in shown.words) == (422, True), shown.words


async def test_texts_of_a_form_with_a_file_have_the_limits_of_all_forms(surfer: Surfer, at: str) -> None:
    """A NUL, a text beyond its length, and bytes that are no text: refused, never a fault of ours."""
    form = await surfer.get(f"{at}/numbers/documents/new")
    token = form.form("/documents")["csrf"].encode()

    def part(name: bytes, value: bytes) -> bytes:
        return b'--x\r\nContent-Disposition: form-data; name="' + name + b'"\r\n\r\n' + value + b"\r\n"

    for value in (b"a\0b", b"x" * ((1 << 20) + 1), b"\xff\xfe"):
        body = part(b"csrf", token) + part(b"name", value) + b"--x--\r\n"
        headers = {"Cookie": f"__Host-dialplane={surfer.cookie}", "Content-Type": "multipart/form-data; boundary=x"}
        async with surfer.session.post(
            f"{surfer.base}{at}/numbers/documents", data=BytesIO(body), headers=headers, allow_redirects=False
        ) as answer:
            assert answer.status == 400, value[:10]
