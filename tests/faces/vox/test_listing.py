"""VoxCPaaS's listing of numbers on offer, as its document prints it (seeds/voxcpaas-numbers.txt, 3.1)."""

import pytest

from tests.faces.vox.conftest import DID, TOLL_FREE, WITH_DOCUMENTS, Project, Vox, needs_curl

pytestmark = pytest.mark.usefixtures("offered")


@needs_curl
async def test_listing_answers_as_the_document_prints_it(vox: Vox) -> None:
    """The document's own line, without credentials; the number is ours, everything else is as printed."""
    answer = await vox.curl(
        "-X", "GET", "https://api.vox-cpaas.com/listnewnumbers?country=US&limit=0,20&number_type=tollfree"
    )

    assert answer.status == 200
    printed = (
        '{"status": "Success", "count": 1, "code": 200, "data": [{"city": "", "state": null, "number_type": "tollfree",'
        ' "docs_required": 0, "monthly_cost": 0.5500, "setup_cost": 0.5500, "sms": 1, "number": "+18005550123",'
        ' "pstn": 1}]}'
    )
    assert answer.raw.decode() == printed.replace(", ", ",").replace(": ", ":")


async def test_line_that_a_shell_cuts_at_its_first_ampersand_lists_every_type(vox: Vox) -> None:
    """Without quotes, the printed line asks for the country only."""
    answer = await vox.get("/listnewnumbers?country=US")

    assert [each["number"] for each in answer.json["data"]] == [DID, WITH_DOCUMENTS, TOLL_FREE]


async def test_listing_of_dids_tells_place_price_and_documents(vox: Vox) -> None:
    answer = await vox.get("/listnewnumbers?country=US&limit=0,20&number_type=DID")

    first, second = answer.json["data"]
    assert first == {
        "city": "Washington",
        "state": "DC",
        "number_type": "did",
        "docs_required": 0,
        "monthly_cost": 1.234567,
        "setup_cost": 1.0,
        "sms": 0,
        "number": DID,
        "pstn": 1,
    }
    assert (second["number"], second["docs_required"]) == (WITH_DOCUMENTS, 1)


async def test_limit_is_offset_and_count(vox: Vox) -> None:
    expected = {
        "0,1": [DID],
        "1,1": [WITH_DOCUMENTS],
        "1,20": [WITH_DOCUMENTS, TOLL_FREE],
        "2": [DID, WITH_DOCUMENTS],
    }

    answers = {limit: (await vox.get(f"/listnewnumbers?country=US&limit={limit}")).json for limit in expected}

    assert {limit: [each["number"] for each in answer["data"]] for limit, answer in answers.items()} == expected
    assert [answer["count"] for answer in answers.values()] == [1, 1, 2, 2]


async def test_listing_without_results_is_no_data(vox: Vox) -> None:
    for query in ("country=DE", "country=US&limit=3,20", "country=us&number_type=mobile"):
        answer = await vox.get(f"/listnewnumbers?{query}")

        assert answer.status == 404
        assert answer.json == {"status": "No Data", "code": 404, "message": "No Data", "reason": "NO_DATA"}


async def test_bad_listing_names_the_parameter(vox: Vox) -> None:
    expected = {
        "limit=0,20&number_type=DID": "country",
        "country=USA": "country",
        "country=US%00": "country",
        "country=US&limit=all": "limit",
        "country=US&limit=0,0": "limit",
        "country=US&limit=0,1001": "limit",
        "country=US&limit=100001,1": "limit",
        "country=US&number_type=premium": "number_type",
    }

    answers = {query: await vox.get(f"/listnewnumbers?{query}") for query in expected}

    assert {(answer.status, answer.json["code"]) for answer in answers.values()} == {(400, 400)}
    assert {query: answer.json["field"] for query, answer in answers.items()} == expected


async def test_listing_takes_its_parameters_from_a_body_too(vox: Vox) -> None:
    by_json = await vox.post_json("/listnewnumbers", {"country": "US", "numberType": "TollFree", "limit": "0,20"})
    by_form = await vox.post("/listnewnumbers", "country=US&number_type=tollfree")

    assert by_json.json == by_form.json
    assert by_json.json["count"] == 1


async def test_wrong_method_is_a_failure_in_this_dialect(vox: Vox, project: Project) -> None:
    for method, path in (("GET", f"/purchasenumber?{project.keys}"), ("DELETE", "/listnewnumbers")):
        answer = await vox.client.ask(method, path)

        assert (answer.status, answer.json["code"]) == (405, 405)
