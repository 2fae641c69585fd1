"""Conferences and queues with who is in them, and the agents with what they do: as they are now."""

from collections.abc import Mapping
from uuid import UUID

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from dialplane.domain.calling.calls import Call
from dialplane.domain.identity.people import Deed
from dialplane.domain.ids import CallId, ConferencecallId, ConferenceId, QueuecallId, QueueId
from dialplane.domain.recording.recordings import RecordingQuery
from dialplane.domain.rooms.agents import AgentStatus
from dialplane.faces.portal.curl_lines import json_curl
from dialplane.faces.portal.pages.recordings import shown_recordings
from dialplane.faces.portal.rendering import done, show
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import action, page
from dialplane.faces.portal.tables import PAGE, page_of, read_moment_cursor
from dialplane.services.calling.calls import list_live_calls
from dialplane.services.recording.recordings import query_recordings
from dialplane.services.rooms.agents import list_agents
from dialplane.services.rooms.conferences import get_conference, list_conferences
from dialplane.services.rooms.participants import remove_stay
from dialplane.services.rooms.queue_members import kick
from dialplane.services.rooms.queues import get_queue, list_queues

_MOST = 100
_MOST_LIVE = 500
AGENTS: Mapping[AgentStatus, tuple[str, str]] = {
    AgentStatus.AVAILABLE: ("Available", "good"),
    AgentStatus.RINGING: ("Ringing", "wait"),
    AgentStatus.BUSY: ("Busy", "wait"),
    AgentStatus.AWAY: ("Away", ""),
    AgentStatus.OFFLINE: ("Offline", ""),
}


@page("/projects/{project:uuid}/rooms", deed=Deed.VIEW)
async def show_rooms(request: PortalRequest) -> Response[str]:
    """Queues and agents first, since somebody may wait; then conferences, newest first."""
    database, account_id = request.database, request.account_id
    cursor = request.fields.get("after")
    conferences = await list_conferences(database, account_id, before=read_moment_cursor(cursor), limit=PAGE + 1)
    return await show(
        request,
        "rooms.html",
        conferences=page_of(
            conferences,
            lambda each: each.created_at.isoformat(),
            path=request.at("/rooms"),
            filters={},
            cursor=cursor,
        ),
        queues=await list_queues(database, account_id, before=None, limit=_MOST),
        agents=await list_agents(database, account_id, before=None, limit=_MOST),
        agent_words=AGENTS,
    )


@page("/projects/{project:uuid}/rooms/conferences/{conference:uuid}", deed=Deed.VIEW)
async def show_conference(request: PortalRequest, conference: FromPath[UUID]) -> Response[str]:
    standing = await get_conference(request.database, request.account_id, ConferenceId(conference))
    recordings, _ = await query_recordings(
        request.database, request.account_id, RecordingQuery(conference_id=conference, limit=_MOST)
    )
    return await show(
        request,
        "conference.html",
        standing=standing,
        calls=await _live(request),
        recordings=await shown_recordings(request, recordings),
    )


@action("/projects/{project:uuid}/rooms/conferences/{conference:uuid}/remove/{stay:uuid}", deed=Deed.CONFIGURE)
async def remove(request: PortalRequest, conference: FromPath[UUID], stay: FromPath[UUID]) -> Response[str]:
    """Take somebody out; the call's own program goes on."""
    await remove_stay(request.database, request.account_id, ConferencecallId(stay), request.now)
    path, curl = (
        request.at(f"/rooms/conferences/{conference}"),
        json_curl(request, "DELETE", f"/v1.0/conferencecalls/{stay}"),
    )
    return await done(request, path, "The call is being taken out.", curl=curl)


@page("/projects/{project:uuid}/rooms/queues/{queue:uuid}", deed=Deed.VIEW)
async def show_queue(request: PortalRequest, queue: FromPath[UUID]) -> Response[str]:
    line = await get_queue(request.database, request.account_id, QueueId(queue))
    agents = await list_agents(
        request.database, request.account_id, before=None, limit=_MOST, tag_ids=line.queue.tag_ids
    )
    return await show(
        request,
        "queue.html",
        line=line,
        agents=agents,
        names={agent.id: agent.name or agent.username for agent in agents},
        agent_words=AGENTS,
        calls=await _live(request),
    )


@action("/projects/{project:uuid}/rooms/queues/{queue:uuid}/kick/{member:uuid}", deed=Deed.CONFIGURE)
async def put_out(request: PortalRequest, queue: FromPath[UUID], member: FromPath[UUID]) -> Response[str]:
    """Put a caller out of the queue, or end the talk with the agent; the call's own program goes on."""
    await kick(request.database, request.account_id, QueuecallId(member), request.now)
    path, curl = request.at(f"/rooms/queues/{queue}"), json_curl(request, "POST", f"/v1.0/queuecalls/{member}/kick")
    return await done(request, path, "The caller is being put out of the queue.", curl=curl)


async def _live(request: PortalRequest) -> Mapping[CallId, Call]:
    """Who is behind the members' calls: the account's newest living ones."""
    calls = await list_live_calls(request.database, request.account_id, limit=_MOST_LIVE)
    return {call.id: call for call in calls}


HANDLERS: list[HTTPRouteHandler] = [show_rooms, show_conference, remove, show_queue, put_out]
