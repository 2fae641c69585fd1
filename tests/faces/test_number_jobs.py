"""`/v1.0/number_jobs`, `number_imports` and the account's numbers as files, over HTTP."""

import csv
import io

import pytest

from dialplane.services.numbering.number_jobs import STEP, go_on_with_jobs
from dialplane.services.numbering.numbers import list_numbers
from dialplane.services.transaction import Database
from tests.faces.conftest import Client, Tenant
from tests.services.buying import NOW
from tests.services.test_number_jobs import held

JOBS = "/v1.0/number_jobs"
FORWARD = {"type": "forward", "pstn": "+12125550123"}


async def test_chosen_numbers_get_a_target_and_the_undo_gives_the_old_one_back(
    client: Client, tenant: Tenant, database: Database
) -> None:
    mine = await held(database, tenant.id, 3)
    chosen = [str(number.id) for number in mine[:2]]

    work = {"kind": "assign", "number_ids": chosen, "targets": {"voice": FORWARD}}
    done = (await client.ask("POST", JOBS, work)).json
    changed = [number.targets.voice is not None for number in await list_numbers(database, tenant.id, limit=9)]
    undone = (await client.ask("POST", f"{JOBS}/{done['id']}/undo")).json
    left = [number.targets.voice for number in await list_numbers(database, tenant.id, limit=9)]

    assert (done["kind"], done["state"], done["total"], done["done"]) == ("assign", "applied", 2, 2)
    assert sorted(changed) == [False, True, True]
    assert (undone["state"], undone["undone"], left) == ("undone", 2, [None] * 3)
    assert (await client.ask("GET", JOBS)).json["result"] == [undone]


async def test_all_that_fit_are_tagged_and_the_lines_are_paged(
    client: Client, tenant: Tenant, database: Database
) -> None:
    await held(database, tenant.id, STEP + 5)

    begun = (await client.ask("POST", JOBS, {"kind": "tag", "filter": {"number": "899001"}, "add_tags": ["a"]})).json
    while await go_on_with_jobs(database, NOW):
        pass
    path = f"{JOBS}/{begun['id']}"
    done = (await client.ask("GET", path)).json
    first = (await client.ask("GET", f"{path}/lines?outcome=done&page_size=100")).json
    rest = (await client.ask("GET", f"{path}/lines?outcome=done&page_token={first['next_page_token']}")).json

    assert (begun["state"], done["state"], done["done"]) == ("applying", "applied", STEP + 5)
    positions = [line["position"] for line in first["result"] + rest["result"]]
    assert (positions, rest["next_page_token"]) == (list(range(1, STEP + 6)), "")
    assert (await client.ask("GET", f"{path}/lines?outcome=problem")).json["result"] == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "release"}, "number_ids"),
        ({"kind": "release", "number_ids": ["00000000-0000-4000-8000-000000000001"], "filter": {}}, "number_ids"),
        ({"kind": "release", "number_ids": []}, "number_ids"),
        ({"kind": "assign", "filter": {}, "targets": {}}, "targets"),
        ({"kind": "assign", "filter": {}, "targets": {"voice": {"type": "hook", "url": "http://a"}}}, "targets.voice"),
        ({"kind": "assign", "filter": {}}, "targets"),
        ({"kind": "tag", "filter": {}}, "add_tags"),
        ({"kind": "tag", "filter": {"status": "odd"}, "add_tags": ["a"]}, "filter.status"),
        ({"kind": "paint", "filter": {}}, "kind"),
    ],
)
async def test_work_that_makes_no_sense_is_refused_by_its_field(
    client: Client, tenant: Tenant, database: Database, body: object, field: str
) -> None:
    await held(database, tenant.id, 1)

    refused = await client.ask("POST", JOBS, body)

    assert (refused.status, refused.json["error"]["details"][0]["field"].startswith(field)) == (400, True), refused.raw
    assert (await client.ask("GET", JOBS)).json["result"] == []


async def test_unknown_flow_and_foreign_job_are_not_found(
    client: Client, other_tenant: Tenant, tenant: Tenant, database: Database
) -> None:
    await held(database, tenant.id, 1)
    stranger = Client(client.base, client.session, other_tenant.key)
    unknown = {"type": "flow", "flow_id": "00000000-0000-4000-8000-000000000001"}

    refused = await client.ask("POST", JOBS, {"kind": "assign", "filter": {}, "targets": {"voice": unknown}})
    made = (await client.ask("POST", JOBS, {"kind": "tag", "filter": {}, "add_tags": ["a"]})).json
    seen = await stranger.ask("GET", f"{JOBS}/{made['id']}")
    taken_back = await stranger.ask("POST", f"{JOBS}/{made['id']}/undo")

    assert (refused.status, refused.reason) == (404, "FLOW_NOT_FOUND")
    assert (seen.status, taken_back.status) == (404, 404)


async def test_file_is_written_changed_read_back_applied_and_undone(
    client: Client, tenant: Tenant, database: Database
) -> None:
    await held(database, tenant.id, 2)
    written = await client.ask("GET", "/v1.0/numbers.csv")
    rows = list(csv.DictReader(io.StringIO(written.raw.decode())))
    changed = io.StringIO()
    file = csv.DictWriter(changed, ["DID", "Label", "calls"], extrasaction="ignore")
    file.writeheader()
    file.writerows({"DID": row["number"], "Label": "front desk", "calls": "pstn:+12125550123"} for row in rows)
    file.writerow({"DID": "+12025550999", "Label": "not ours"})
    body = changed.getvalue().encode()

    read = (await client.ask("POST", "/v1.0/number_imports", body, Content_Type="text/csv")).json
    untouched = {number.name for number in await list_numbers(database, tenant.id, limit=9)}
    job = f"{JOBS}/{read['job']['id']}"
    problems = (await client.ask("GET", f"{job}/lines?outcome=problem")).json["result"]
    applied = (await client.ask("POST", f"{job}/apply")).json
    as_json = (await client.ask("GET", "/v1.0/numbers.json?name=front")).json["items"]
    undone = (await client.ask("POST", f"{job}/undo")).json

    assert read["reading"]["columns"] == {"number": "DID", "name": "Label", "calls": "calls"}
    assert (read["job"]["state"], read["job"]["waiting"], untouched) == ("previewed", 2, {""})
    assert [(line["number"], line["line"], line["field"]) for line in problems] == [("+12025550999", 4, "number")]
    assert (applied["state"], applied["done"], applied["problem"]) == ("applied", 2, 1)
    assert [(each["name"], each["calls"]) for each in as_json] == [("front desk", "pstn:+12125550123")] * 2
    assert (undone["state"], undone["undone"]) == ("undone", 2)


async def test_columns_are_named_where_they_are_not_guessed(client: Client, tenant: Tenant, database: Database) -> None:
    (number,) = await held(database, tenant.id, 1)
    body = f"who,what,where\n{number.number},desk,2nd floor\n".encode()
    path = "/v1.0/number_imports?column=number:who&column=name:what&column=metadata.floor:where"

    read = await client.ask("POST", path, body, Content_Type="text/csv")
    await client.ask("POST", f"{JOBS}/{read.json['job']['id']}/apply")
    unknown = await client.ask("POST", "/v1.0/number_imports?column=colour:who", body, Content_Type="text/csv")
    nothing = await client.ask("POST", "/v1.0/number_imports", b"number\n", Content_Type="text/csv")

    (changed,) = await list_numbers(database, tenant.id, limit=9)
    assert (changed.name, changed.metadata) == ("desk", {"floor": "2nd floor"})
    assert (unknown.status, unknown.json["error"]["details"][0]["field"]) == (400, "column")
    assert (nothing.status, nothing.json["error"]["details"][0]["field"]) == (400, "csv")
