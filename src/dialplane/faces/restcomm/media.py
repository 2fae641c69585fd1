"""`Messages/{sid}/Media` (Twilio's). Who has the address of the content needs no credentials, as with recordings."""

from uuid import UUID

from litestar import Response, Router, delete, get
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.types import Scope

from dialplane.domain.errors import NotFound
from dialplane.domain.ids import AccountId, to_sid
from dialplane.domain.messaging.media import Media, MediaState
from dialplane.domain.messaging.messages import message_sid
from dialplane.faces.restcomm.credentials import OPEN, RESOURCE, read_sid
from dialplane.faces.restcomm.dialects import Asked, asked_of
from dialplane.faces.restcomm.messages import message_id_of
from dialplane.faces.restcomm.paging import Collection, Listed, Page, show_list
from dialplane.faces.restcomm.rendering import show
from dialplane.faces.restcomm.request import RestcommRequest
from dialplane.services.messaging import media as service

MEDIA = Collection("MediaList", "Media", "media_list", "media_list")


def asks_for_content(scope: Scope) -> bool:
    """By naming no form."""
    asked = asked_of(scope)
    return not asked.names_form and not asked.wants_json


@get("/")
async def list_media(request: RestcommRequest, message_sid: FromPath[str]) -> Response[bytes]:
    """The media of a message."""
    found = await service.list_media(request.database, request.account_id, message_id_of(message_sid))
    rows = [_shown(request.asked, media) for media in found]
    return show_list(request, MEDIA, Listed(rows, len(rows), more_follow=False), Page())


@get("/{media_sid:str}", opt={OPEN: asks_for_content})
async def get_media(
    request: RestcommRequest, account_sid: FromPath[str], message_sid: FromPath[str], media_sid: FromPath[str]
) -> Response[bytes] | Redirect:
    """What is known of one of them; without `.json`, the way to its content."""
    account_id = read_sid("AC", account_sid)
    if account_id is None:
        raise NotFound("There is no such account", reason="ACCOUNT_NOT_FOUND")
    media = await service.get_media(
        request.database, AccountId(account_id), message_id_of(message_sid), _media_id(media_sid)
    )
    if not asks_for_content(request.scope):
        return show(request.asked, "Media", _shown(request.asked, media))
    if media.state is not MediaState.STORED:
        return Redirect(media.url, status_code=307)  # as long as it is only there
    return Redirect(request.ports.media_links.path(media.id, request.now), status_code=307)


@delete("/{media_sid:str}", status_code=204)
async def delete_media(request: RestcommRequest, message_sid: FromPath[str], media_sid: FromPath[str]) -> None:
    """Delete one of them with its content."""
    await service.delete_media(
        request.database,
        request.ports.media,
        request.account_id,
        message_id_of(message_sid),
        _media_id(media_sid),
        request.now,
    )


def _shown(asked: Asked, media: Media) -> dict[str, object]:
    account_sid, sid = to_sid("AC", media.account_id), to_sid("ME", media.id)
    parent = message_sid(media.message_id, (media.url,), asked.dialect.api_version)
    created = asked.dialect.show_time(media.created_at)
    return {
        "sid": sid,
        "account_sid": account_sid,
        "parent_sid": parent,
        "content_type": media.content_type,
        "date_created": created,
        "date_updated": created,
        "uri": asked.uri(f"/Accounts/{account_sid}/Messages/{parent}/Media/{sid}"),
    }


def _media_id(sid: str) -> UUID:
    found = read_sid("ME", sid)
    if found is None:
        raise NotFound("There is no such media", reason="MEDIA_NOT_FOUND")
    return found


router = Router(
    "/Accounts/{account_sid:str}/Messages/{message_sid:str}/Media",
    route_handlers=[list_media, get_media, delete_media],
    opt={RESOURCE: "Messages"},
)
