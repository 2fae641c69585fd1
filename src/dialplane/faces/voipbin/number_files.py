"""The account's numbers as files: `/v1.0/numbers.csv` and `numbers.json` write them, `/v1.0/number_imports` reads them
back."""

import msgspec
from litestar import Router, get, post
from litestar.response import Stream

from dialplane.domain.supply.import_columns import read_mapping
from dialplane.faces.downloads import csv_download, json_download
from dialplane.faces.imported_files import LARGEST_FILE, Columns, ShownReading, show_reading
from dialplane.faces.voipbin.answers import Fields, answers, posted
from dialplane.faces.voipbin.number_filters import Wanted
from dialplane.faces.voipbin.number_jobs import NumberJob
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.numbering import number_files as service
from dialplane.services.shapes.number_jobs import number_job_shape


class NumberImport(msgspec.Struct):
    """What a file would do. `job.id` is applied by `POST /v1.0/number_jobs/{id}/apply`."""

    job: NumberJob
    reading: ShownReading


class NumberFile(msgspec.Struct):
    """What `number_imports` reads back, and besides what each number is."""

    items: list[dict[str, object]]


@post("/number_imports", status_code=200, request_max_body_size=LARGEST_FILE, responses=posted(NumberImport))
async def read_file(request: ApiRequest, column: Columns = None) -> Fields:
    """Read a file, CSV or JSON, of numbers that the account holds, at most 100,000, and keep what it would change; the
    numbers stay as they are until the job is applied.

    Fields: number, name, detail, tags, calls, messages, protected, `metadata.…`. An empty cell leaves a field, `-`
    empties it.
    """
    request.require_manager()
    job = await service.preview_file(
        request.database,
        request.account_id,
        await request.body(),
        await request.billing_now(),
        by=request.actor,
        mapping=read_mapping(column or [], service.FIELDS, open_prefix=service.METADATA),
    )
    assert job.reading is not None  # a file's job has one
    return {"job": number_job_shape(job), "reading": show_reading(job.reading)}


@get("/numbers.csv", media_type="text/csv", responses=answers(str, media_type="text/csv", says="The file"))
async def download_csv(request: ApiRequest, wanted: Wanted) -> Stream:
    """The numbers that fit the filters, as an import reads them back."""
    return csv_download(service.write_csv(request.database, request.account_id, wanted), "numbers.csv")


@get("/numbers.json", responses=answers(NumberFile, says="The file"))
async def download_json(request: ApiRequest, wanted: Wanted) -> Stream:
    """The same as JSON: `{"items": […]}`."""
    return json_download(service.write_json(request.database, request.account_id, wanted), "numbers.json")


router = Router("/", route_handlers=[read_file, download_csv, download_json], tags=["Many numbers"])
