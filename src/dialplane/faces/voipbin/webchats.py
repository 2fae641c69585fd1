"""`/v1.0/webchat_widgets`, `/webchat_sessions` and `/webchat_messages`: chats on web pages (reference 6.11)."""

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody

from dialplane.domain.addresses import Address
from dialplane.domain.flows.facts import conversation_facts
from dialplane.domain.flows.run import ReferenceType
from dialplane.domain.ids import NIL, FlowId, new_id, unless_nil
from dialplane.domain.messaging import webchat as domain
from dialplane.faces.voipbin.answers import Detail, Fields, Name, Paged, answers, posted
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.faces.voipbin.visitors import open_to_visitors
from dialplane.services.calling.direct_hashes import new_direct_hash
from dialplane.services.messaging import webchat as service
from dialplane.services.messaging.webchat import MESSAGES, SESSIONS, WIDGETS
from dialplane.services.shapes.webchat import session_shape, webchat_message_shape, widget_shape

_TO_VISITORS = open_to_visitors("webchat_session")


class WebchatWidget(msgspec.Struct):
    """What a page shows. Its flows are run for each session, and for each message of the visitor."""

    id: UUID
    customer_id: UUID
    name: str
    detail: str
    session_flow_id: UUID
    message_flow_id: UUID
    direct_hash: str
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


class WidgetChange(msgspec.Struct):
    """What is left out stays as it is; the nil UUID takes a flow away."""

    name: Name | None = None
    detail: Detail | None = None
    session_flow_id: UUID | None = None
    message_flow_id: UUID | None = None


class NewWidget(WidgetChange, kw_only=True):
    name: Name


class WebchatSession(msgspec.Struct):
    """One visitor's conversation."""

    id: UUID
    customer_id: UUID
    widget_id: UUID
    name: str
    status: domain.SessionStatus
    tm_end: str | None
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


class NewSession(msgspec.Struct):
    """`name` is what the visitor is called."""

    widget_id: UUID
    name: Name = ""


class WebchatMessage(msgspec.Struct):
    """`incoming` is the visitor's; `activeflow_id` is the run that wrote it, nil: a client did."""

    id: UUID
    customer_id: UUID
    session_id: UUID
    activeflow_id: UUID
    direction: str
    text: str
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


class NewWebchatMessage(msgspec.Struct):
    session_id: UUID
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=domain.LONGEST_TEXT)]
    direction: Literal["incoming", "outgoing"] = "incoming"


@get("/webchat_widgets", responses=answers(Paged[WebchatWidget]))
async def list_widgets(request: ApiRequest, page: Paging) -> Fields:
    """The account's widgets, newest first."""
    rows = await WIDGETS.list_for(request.database, request.account_id, before=page.before, limit=page.fetch)
    return show_page(rows, widget_shape, page)


@post("/webchat_widgets", status_code=200, responses=posted(WebchatWidget, 404))
async def create_widget(request: ApiRequest, data: JSONBody[NewWidget]) -> Fields:
    """Make a widget."""
    request.require_manager()
    given = _given(data) | {"direct_hash": new_direct_hash()}
    made = domain.WebchatWidget(id=new_id(request.now), account_id=request.account_id, created_at=request.now, **given)
    return widget_shape(await WIDGETS.create(request.database, made))


@get("/webchat_widgets/{widget_id:str}", responses=answers(WebchatWidget, 404))
async def get_widget(request: ApiRequest, widget_id: FromPath[UUID]) -> Fields:
    """One widget."""
    return widget_shape(await WIDGETS.get(request.database, request.account_id, widget_id))


@put("/webchat_widgets/{widget_id:str}", responses=answers(WebchatWidget, 404))
async def update_widget(request: ApiRequest, widget_id: FromPath[UUID], data: JSONBody[WidgetChange]) -> Fields:
    """Change what is given."""
    request.require_manager()
    return widget_shape(
        await WIDGETS.update(request.database, request.account_id, widget_id, _given(data), request.now)
    )


@delete("/webchat_widgets/{widget_id:str}", status_code=200, responses=answers(WebchatWidget, 404))
async def delete_widget(request: ApiRequest, widget_id: FromPath[UUID]) -> Fields:
    """Take it away; its sessions go on without flows."""
    request.require_manager()
    return widget_shape(
        await WIDGETS.delete(request.database, request.account_id, widget_id, request.now, direct_hash="")
    )


@post("/webchat_widgets/{widget_id:str}/direct-hash-regenerate", status_code=200, responses=posted(WebchatWidget, 404))
async def regenerate_widget_hash(request: ApiRequest, widget_id: FromPath[UUID]) -> Fields:
    """Another direct hash; the old one is void at once."""
    request.require_manager()
    return widget_shape(
        await service.regenerate_widget_hash(request.database, request.account_id, widget_id, request.now)
    )


@get("/webchat_sessions", responses=answers(Paged[WebchatSession]))
async def list_sessions(request: ApiRequest, page: Paging, widget_id: FromQuery[UUID | None] = None) -> Fields:
    """The account's sessions, newest first; with `widget_id`, that widget's."""
    rows = await SESSIONS.list_for(
        request.database, request.account_id, before=page.before, limit=page.fetch, widget_id=widget_id
    )
    return show_page(rows, session_shape, page)


@post("/webchat_sessions", status_code=200, responses=posted(WebchatSession, 404), opt=_TO_VISITORS)
async def create_session(request: ApiRequest, data: JSONBody[NewSession]) -> Fields:
    """Begin a visitor's session; the widget's session flow is run. A visitor begins one, of the widget visited."""
    request.require_writer()
    wanted = domain.WebchatSession(new_id(request.now), request.account_id, data.widget_id, request.now, name=data.name)
    session, widget = await service.start_session(request.database, wanted, visitor=request.user.visitor)
    await _run(request, session, widget.session_flow_id, NIL, "")
    return session_shape(session)


@get("/webchat_sessions/{session_id:str}", responses=answers(WebchatSession, 404), opt=_TO_VISITORS)
async def get_session(request: ApiRequest, session_id: FromPath[UUID]) -> Fields:
    """One session."""
    return session_shape(await SESSIONS.get(request.database, request.account_id, request.reachable(session_id)))


@post(
    "/webchat_sessions/{session_id:str}/end", status_code=200, responses=posted(WebchatSession, 404), opt=_TO_VISITORS
)
async def end_session(request: ApiRequest, session_id: FromPath[UUID]) -> Fields:
    """End it: nothing is written in it any more."""
    request.require_writer()
    session_id = request.reachable(session_id)
    return session_shape(await service.end_session(request.database, request.account_id, session_id, request.now))


@delete("/webchat_sessions/{session_id:str}", status_code=200, responses=answers(WebchatSession, 404))
async def delete_session(request: ApiRequest, session_id: FromPath[UUID]) -> Fields:
    """End it, and take it out of the lists."""
    request.require_manager()
    return session_shape(await service.delete_session(request.database, request.account_id, session_id, request.now))


@get("/webchat_messages", responses=answers(Paged[WebchatMessage], 404), opt=_TO_VISITORS)
async def list_webchat_messages(request: ApiRequest, page: Paging, session_id: FromQuery[UUID]) -> Fields:
    """What was written in a session, newest first."""
    session_id = request.reachable(session_id)
    await SESSIONS.get(request.database, request.account_id, session_id)
    rows = await MESSAGES.list_for(
        request.database, request.account_id, before=page.before, limit=page.fetch, session_id=session_id
    )
    return show_page(rows, webchat_message_shape, page)


@post("/webchat_messages", status_code=200, responses=posted(WebchatMessage, 404), opt=_TO_VISITORS)
async def create_webchat_message(request: ApiRequest, data: JSONBody[NewWebchatMessage]) -> Fields:
    """Write in a session: for the visitor (`incoming`, the widget's message flow is run), or to the visitor."""
    request.require_writer()
    session_id, now = request.reachable(data.session_id), request.now
    wanted = domain.WebchatMessage(new_id(now), request.account_id, session_id, data.direction, data.text, now)
    kept, session, widget = await service.write_in_session(request.database, wanted, visitor=request.user.visitor)
    if widget is not None and kept.direction == "incoming":
        await _run(request, session, widget.message_flow_id, kept.id, kept.text)
    return webchat_message_shape(kept)


@get("/webchat_messages/{webchat_message_id:str}", responses=answers(WebchatMessage, 404))
async def get_webchat_message(request: ApiRequest, webchat_message_id: FromPath[UUID]) -> Fields:
    """One message."""
    return webchat_message_shape(await MESSAGES.get(request.database, request.account_id, webchat_message_id))


async def _run(
    request: ApiRequest, session: domain.WebchatSession, flow_id: FlowId | None, message_id: UUID, text: str
) -> None:
    """The conversation's run, where the widget has a flow for it."""
    if flow_id is None:
        return
    own = Address("web_session", str(session.widget_id))
    facts = conversation_facts(session.id, message_id, own=own, peer=session.visitor, text=text)
    await request.ports.runs.begin(request.account_id, flow_id, ReferenceType.CONVERSATION, session.id, facts)


def _given(data: WidgetChange) -> dict[str, Any]:
    """The fields of the widget that are written."""
    given: dict[str, Any] = {
        name: value for name, value in (("name", data.name), ("detail", data.detail)) if value is not None
    }
    for name, value in (("session_flow_id", data.session_flow_id), ("message_flow_id", data.message_flow_id)):
        if value is not None:
            given[name] = unless_nil(value)
    return given


router = Router(
    "/",
    route_handlers=[
        list_widgets,
        create_widget,
        get_widget,
        update_widget,
        delete_widget,
        regenerate_widget_hash,
        list_sessions,
        create_session,
        get_session,
        end_session,
        delete_session,
        list_webchat_messages,
        create_webchat_message,
        get_webchat_message,
    ],
    tags=["Web chat"],
)
