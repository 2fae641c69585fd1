"""Media of messages by signed address, which needs no credentials."""

from typing import Annotated
from uuid import UUID

from litestar import Response, Router, get
from litestar.params import FromPath, QueryParameter

from dialplane.faces.sounds import AnyoneRequest
from dialplane.services.messaging.media import read_media


@get("/{media_id:str}", include_in_schema=False)
async def download(
    request: AnyoneRequest,
    media_id: FromPath[UUID],
    expires: Annotated[int, QueryParameter(ge=0, le=10**11)],
    signature: Annotated[str, QueryParameter(max_length=64)],
) -> Response[bytes]:
    """The content behind an address that `MediaLinks.path` gave."""
    request.ports.media_links.check(media_id, expires=expires, signature=signature, now=request.now)
    media, content = await read_media(request.database, request.ports.media, media_id)
    headers = {"X-Content-Type-Options": "nosniff", "Content-Disposition": "inline"}
    return Response(content, media_type=media.content_type, headers=headers)


router = Router("/media", route_handlers=[download], request_class=AnyoneRequest)
