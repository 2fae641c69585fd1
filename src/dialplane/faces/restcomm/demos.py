"""The demo documents that Restcomm's pages attach to numbers (`/restcomm/demos/hello-play.xml`), for anybody to fetch.

They are what a customer's web server would answer, so that the pages' examples run on this server as they stand.
"""

import math
import wave
from array import array
from functools import cache
from io import BytesIO
from xml.sax.saxutils import escape

from litestar import HttpMethod, Response, Router, route
from litestar.params import FromPath

from dialplane.domain.errors import NotFound
from dialplane.faces.restcomm.forms import Parameters, read_parameters
from dialplane.faces.sounds import AnyoneRequest

_DOCUMENTS = {
    "hello-play.xml": "<Play>/restcomm/demos/hello.wav</Play>",
    "hello-world.xml": "<Say>Hello World</Say>",
    "dial/client/dial-client.xml": "<Dial><Client>alice</Client></Dial>",
}
_NOTES_HZ = (523, 659, 784)
_RATE_HZ, _NOTE_S, _LOUDNESS = 8000, 0.4, 8000


@route("/{path:path}", http_method=[HttpMethod.GET, HttpMethod.POST], include_in_schema=False)
async def demo(request: AnyoneRequest, path: FromPath[str]) -> Response[bytes]:
    """Asked by GET and by POST, as numbers ask."""
    name = path.strip("/")
    if name == "hello.wav":
        return Response(_chime(), media_type="audio/wav", status_code=200)
    if name == "echo.xml":
        verbs = _echo(read_parameters(await request.body() or request.scope["query_string"]))
    elif name in _DOCUMENTS:
        verbs = _DOCUMENTS[name]
    else:
        raise NotFound("There is no such demo")
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<Response>{verbs}</Response>\n'
    return Response(text.encode(), media_type="text/xml", status_code=200)


router = Router("/restcomm/demos", route_handlers=[demo], request_class=AnyoneRequest)
alias = Router("/api/demos", route_handlers=[demo], request_class=AnyoneRequest)


def _echo(parameters: Parameters) -> str:
    """A text goes back to its sender."""
    return f"<Sms>{escape(parameters.text('Body'))}</Sms>"


@cache
def _chime() -> bytes:
    """Three notes, each of which dies away."""
    count = round(_RATE_HZ * _NOTE_S)
    samples = array(
        "h",
        (
            round(_LOUDNESS * (1 - n / count) * math.sin(2 * math.pi * hertz * n / _RATE_HZ))
            for hertz in _NOTES_HZ
            for n in range(count)
        ),
    )
    held = BytesIO()
    with wave.open(held, "wb") as file:
        file.setparams((1, 2, _RATE_HZ, 0, "NONE", ""))
        file.writeframes(samples.tobytes())
    return held.getvalue()
