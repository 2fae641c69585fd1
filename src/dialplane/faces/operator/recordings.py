"""For how long recordings are kept, as far as their accounts say nothing else."""

from typing import Annotated

import msgspec
from litestar import Router, get, put
from litestar.params import JSONBody

from dialplane.faces.operator.answers import refusals
from dialplane.faces.operator.request import OperatorRequest
from dialplane.services.recording.recordings import get_retention, set_retention


class RecordingRetention(msgspec.Struct, forbid_unknown_fields=True):
    """Days; null is for good."""

    days: Annotated[int, msgspec.Meta(ge=1, le=36_500)] | None


@get("/recording_retention", responses=refusals())
async def get_recording_retention(request: OperatorRequest) -> RecordingRetention:
    """For how long recordings are kept of accounts that have not said it themselves."""
    return RecordingRetention(await get_retention(request.database, None))


@put("/recording_retention", responses=refusals())
async def put_recording_retention(request: OperatorRequest, data: JSONBody[RecordingRetention]) -> RecordingRetention:
    """Say for how long; older ones are deleted within the hour."""
    await set_retention(request.database, None, data.days)
    return data


router = Router("/", route_handlers=[get_recording_retention, put_recording_retention], tags=["Recordings"])
