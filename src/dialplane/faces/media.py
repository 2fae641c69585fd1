"""Media of messages by signed address, which needs no credentials."""

from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, Router, get
from litestar.params import FromPath, QueryParameter

from dialplane.faces.sounds import AnyoneRequest
from dialplane.services.messaging.media import MediaLinks, read_media


def signed_media_address(links: MediaLinks, media_id: UUID, now: datetime) -> str:
    """On this server, for a while."""
    expires, signature = links.sign(media_id, now)
    return f"/media/{media_id}?{urlencode({'expires': expires, 'signature': signature})}"


@get("/{media_id:str}", include_in_schema=False)
async def download(
    request: AnyoneRequest,
    media_id: FromPath[UUID],
    expires: Annotated[int, QueryParameter(ge=0, le=10**11)],
    signature: Annotated[str, QueryParameter(max_length=64)],
) -> Response[bytes]:
    """The content behind an address that `signed_media_address` gave."""
    request.ports.media_links.check(media_id, expires=expires, signature=signature, now=request.now)
    media, content = await read_media(request.database, request.ports.media, media_id)
    headers = {"X-Content-Type-Options": "nosniff", "Content-Disposition": "inline"}
    return Response(content, media_type=media.content_type, headers=headers)


router = Router("/media", route_handlers=[download], request_class=AnyoneRequest)
