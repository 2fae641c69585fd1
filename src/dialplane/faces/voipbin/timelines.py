"""`/v1.0/timelines`: what happened to a call, a run, a flow or a conference (reference 6.11)."""

from uuid import UUID

import msgspec
from litestar import Response, Router, get
from litestar.params import FromPath, FromQuery

from dialplane.domain.calling.timelines import Happening as Happened
from dialplane.domain.errors import Invalid
from dialplane.domain.ids import CallId, FlowId, RunId
from dialplane.faces.voipbin.answers import Fields, answers
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.calling import timelines as service
from dialplane.services.calling.traces import wait_for_trace


class Happening(msgspec.Struct):
    """`kind` is sip, route, program, key, answer, event, webhook, money or recording; `data` depends on it."""

    timestamp: str
    kind: str
    type: str
    data: dict[str, object]


class Timeline(msgspec.Struct):
    """In order, the oldest first; at most 2,000."""

    result: list[Happening]
    next_page_token: str


class Codecs(msgspec.Struct):
    offered: list[str]
    answered: list[str]


class SipAnalysis(msgspec.Struct):
    """What the call's SIP messages say of it. Times count from the INVITE; null: it never came to that."""

    messages: int
    repeated: int
    requests: dict[str, int]
    begun: str | None
    ringing_after_ms: int | None
    answered_after_ms: int | None
    ended_after_ms: int | None
    final_status: int | None
    final_reason: str
    hung_up_by: str | None
    user_agents: list[str]
    codecs: Codecs
    problems: list[str]


def _shown(happenings: list[Happened]) -> Fields:
    return {"result": service.documents(happenings), "next_page_token": ""}


async def _timeline_of_call(request: ApiRequest, call_id: CallId) -> Fields:
    await wait_for_trace(request.database, request.account_id, call_id, request.now)
    return _shown(await service.call_timeline(request.database, request.account_id, call_id))


@get("/timelines/calls/{call_id:str}/events", responses=answers(Timeline, 404))
async def get_call_timeline(request: ApiRequest, call_id: FromPath[UUID]) -> Fields:
    """SIP messages, route, program steps, keys, webhooks with their attempts, money and recordings, in one order."""
    return await _timeline_of_call(request, CallId(call_id))


@get("/timelines/activeflows/{activeflow_id:str}/events", responses=answers(Timeline, 404))
async def get_activeflow_timeline(request: ApiRequest, activeflow_id: FromPath[UUID]) -> Fields:
    """Steps, events and webhooks of a run."""
    return _shown(await service.run_timeline(request.database, request.account_id, RunId(activeflow_id)))


@get("/timelines/flows/{flow_id:str}/events", responses=answers(Timeline, 404))
async def get_flow_timeline(request: ApiRequest, flow_id: FromPath[UUID]) -> Fields:
    """The changes of a flow."""
    return _shown(await service.flow_timeline(request.database, request.account_id, FlowId(flow_id)))


@get("/timelines/conferences/{conference_id:str}/events", responses=answers(Timeline, 404))
async def get_conference_timeline(request: ApiRequest, conference_id: FromPath[UUID]) -> Fields:
    """Events and webhooks of a conference."""
    return _shown(await service.conference_timeline(request.database, request.account_id, conference_id))


@get("/timelines/calls/{call_id:str}/sip-analysis", responses=answers(SipAnalysis, 404))
async def get_sip_analysis(request: ApiRequest, call_id: FromPath[UUID]) -> Fields:
    """What the call's signalling says of it: times, codecs, who hung up, what was odd."""
    await wait_for_trace(request.database, request.account_id, CallId(call_id), request.now)
    return await service.analyse_signalling(request.database, request.account_id, CallId(call_id))


PCAP = "application/vnd.tcpdump.pcap"


@get(
    "/timelines/calls/{call_id:str}/pcap",
    media_type=PCAP,
    responses=answers(bytes, 404, media_type=PCAP, says="A capture file"),
)
async def get_pcap(request: ApiRequest, call_id: FromPath[UUID]) -> Response[bytes]:
    """The call's signalling as a file for Wireshark or tcpdump; credentials are blanked."""
    await wait_for_trace(request.database, request.account_id, CallId(call_id), request.now)
    captured = await service.capture_signalling(request.database, request.account_id, CallId(call_id))
    name = f'attachment; filename="{call_id}.pcap"'
    return Response(captured, media_type=PCAP, headers={"Content-Disposition": name})


@get("/aggregated-events", responses=answers(Timeline, 404))
async def list_aggregated_events(
    request: ApiRequest, call_id: FromQuery[UUID | None] = None, activeflow_id: FromQuery[UUID | None] = None
) -> Fields:
    """The timeline of the call or the run that is named; one of the two must be."""
    if (call_id is None) == (activeflow_id is None):
        raise Invalid("one of call_id and activeflow_id says whose events", field="call_id")
    if call_id is not None:
        return await _timeline_of_call(request, CallId(call_id))
    assert activeflow_id is not None
    return _shown(await service.run_timeline(request.database, request.account_id, RunId(activeflow_id)))


router = Router(
    "/",
    route_handlers=[
        list_aggregated_events,
        get_call_timeline,
        get_activeflow_timeline,
        get_flow_timeline,
        get_conference_timeline,
        get_sip_analysis,
        get_pcap,
    ],
    tags=["Timelines"],
)
