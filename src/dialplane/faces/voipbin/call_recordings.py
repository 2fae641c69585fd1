"""`/v1.0/calls/{id}/recording_start` and `…/recording_stop` (reference 4.3)."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Router, post
from litestar.params import FromPath, JSONBody

from dialplane.domain.ids import CallId, unless_nil
from dialplane.domain.programs.commands import StartRecording
from dialplane.faces.voipbin.answers import Fields, posted
from dialplane.faces.voipbin.calls import Call
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.recording.recording_life import RecordingOrder, change_recording, order_recording
from dialplane.services.shapes.calls import call_shape

ANY_KEY = "0123456789*#"
LONGEST_S = 86_400

Seconds = Annotated[int, msgspec.Meta(ge=0, le=LONGEST_S)]
EndKey = Literal["", "none", "any", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "#"]


class NewRecording(msgspec.Struct):
    """How a live call is recorded. Seconds of 0 are no limit; `any` is every key."""

    format: Literal["wav", "mp3", "ogg"] = "wav"
    end_of_silence: Seconds = 0
    end_of_key: EndKey = ""
    duration: Seconds = 0
    on_end_flow_id: UUID | None = None


@post("/{call_id:str}/recording_start", status_code=200, responses=posted(Call, 404))
async def start_recording(request: ApiRequest, call_id: FromPath[UUID], data: JSONBody[NewRecording]) -> Fields:
    """Record a call that is answered; it is kept as WAV whatever `format` says, and can be had as MP3 too."""
    request.require_manager()
    keys = {"none": "", "any": ANY_KEY}
    wish = StartRecording(
        end_of_silence_s=data.end_of_silence,
        end_of_key=keys.get(data.end_of_key, data.end_of_key),
        duration_s=data.duration,
        on_end_flow_id=unless_nil(data.on_end_flow_id),
    )
    call, _ = await order_recording(request.database, request.account_id, CallId(call_id), wish, request.now)
    return call_shape(call)


@post("/{call_id:str}/recording_stop", status_code=200, responses=posted(Call, 404))
async def stop_recording(request: ApiRequest, call_id: FromPath[UUID]) -> Fields:
    """End the recording of a call."""
    request.require_manager()
    call, _ = await change_recording(
        request.database, request.account_id, RecordingOrder("stop", CallId(call_id)), request.now
    )
    return call_shape(call)


router = Router("/calls", route_handlers=[start_recording, stop_recording], tags=["Calls"])
