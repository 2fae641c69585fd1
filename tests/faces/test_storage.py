"""Files that an account keeps, and its one billing account (VoIPBIN reference 6.11)."""

import io
from uuid import uuid4

import aiohttp
import pytest

from dialplane.domain import stored_files
from tests.faces.conftest import Answer, Client, Tenant


async def upload(client: Client, content: bytes | None, name: str = "notes.txt", **fields: str) -> Answer:
    form = aiohttp.FormData(quote_fields=False, default_to_multipart=True)
    for key, value in fields.items():
        form.add_field(key, value)
    if content is not None:
        form.add_field("file", io.BytesIO(content), filename=name)
    headers = {"Authorization": f"Bearer {client.key}"}
    async with client.session.post(client.base + "/v1.0/storage_files", data=form, headers=headers) as response:
        return Answer(response.status, response.headers, await response.read())


async def test_file_is_kept_counted_read_again_and_deleted(client: Client, tenant: Tenant) -> None:
    made = await upload(client, b"hello", "n\u00f6tes.txt", type="rag")
    path = f"/v1.0/storage_files/{made.json['id']}"
    kept = await client.ask("GET", "/v1.0/storage_account")
    listed = await client.ask("GET", "/v1.0/storage_files")
    content = await client.ask("GET", made.json["uri_download"])
    deleted = await client.ask("DELETE", path)
    left = await client.ask("GET", "/v1.0/storage_account")

    assert (made.json["type"], made.json["filename"], made.json["filesize"]) == ("rag", "n\u00f6tes.txt", 5)
    assert (kept.json["customer_id"], kept.json["total_file_count"], kept.json["total_file_size"]) == (
        str(tenant.id), 1, 5
    )  # fmt: skip
    assert listed.json["result"] == [made.json]
    assert content.raw == b"hello"
    assert content.headers["Content-Disposition"] == "attachment; filename*=UTF-8''n%C3%B6tes.txt"
    assert deleted.json["tm_delete"] is not None
    assert (left.json["total_file_count"], left.json["total_file_size"]) == (0, 0)
    assert (await client.ask("GET", path)).reason == "FILE_NOT_FOUND"
    assert (await client.ask("GET", f"{path}/file")).status == 404


@pytest.mark.parametrize(
    ("content", "fields", "field"), [(None, {}, "file"), (b"", {}, "file"), (b"x", {"type": "zip"}, "type")]
)
async def test_bad_file_is_refused_by_name_and_nothing_is_kept(
    client: Client, content: bytes | None, fields: dict[str, str], field: str
) -> None:
    refused = await upload(client, content, **fields)

    assert (refused.status, refused.json["error"]["details"][0]["field"]) == (400, field)
    assert (await client.ask("GET", "/v1.0/storage_files")).json["result"] == []


async def test_account_keeps_no_more_than_it_may(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dialplane.services.stored_files.MOST_KEPT", 8)

    answers = [(await upload(client, b"12345")).status for _ in range(2)]

    assert answers == [200, 429]
    assert stored_files.MOST_KEPT == 10 * 1024**3


async def test_account_has_its_own_billing_account_and_no_other(client: Client, tenant: Tenant) -> None:
    path = "/v1.0/customer/billing_account_id"

    own = await client.ask("PUT", path, {"billing_account_id": str(tenant.id)})
    other = await client.ask("PUT", path, {"billing_account_id": str(uuid4())})

    assert (own.status, own.json["billing_account_id"]) == (200, str(tenant.id))
    assert (other.status, other.reason) == (404, "BILLING_ACCOUNT_NOT_FOUND")
