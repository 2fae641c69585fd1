"""The way in: which dialect and which form of answer a path asks for, before anything is routed.

`.json` may stand on any segment (reference 1.3: `Calls.json/{sid}`), so it is taken off here and routes do not know it.
"""

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from dialplane.faces.restcomm.credentials import has_test_credentials
from dialplane.faces.restcomm.dialects import BASES, Asked, put_asked

_SUFFIXES = {".json": True, ".xml": False}
"""Whether the answer is JSON."""


class Front:
    """An ASGI layer: requests below this face's bases go to `face`, all others to `others`.

    With test credentials, which are Twilio's, they go to `rehearsals`.
    """

    def __init__(self, face: ASGIApp, rehearsals: ASGIApp, others: ASGIApp) -> None:
        self._face = face
        self._rehearsals = rehearsals
        self._others = others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or (base := _base_of(scope["path"])) is None:
            await self._others(scope, receive, send)
            return
        asked = _read(scope, base)
        put_asked(scope, asked)
        scope["path"] = f"/{asked.dialect.api_version}{asked.path}"
        scope["raw_path"] = scope["path"].encode()
        is_rehearsal = asked.dialect.is_twilio and has_test_credentials(scope)
        await (self._rehearsals if is_rehearsal else self._face)(scope, receive, send)


def _base_of(path: str) -> str | None:
    return next((base for base in BASES if path.startswith(base) and path[len(base) :][:1] in ("", "/")), None)


def _read(scope: Scope, base: str) -> Asked:
    wants_json, names_form = _accepts_json(scope), False
    segments = scope["path"][len(base) :].split("/")
    for index, segment in enumerate(segments):
        for suffix, is_json in _SUFFIXES.items():
            if segment.endswith(suffix):
                segments[index] = segment.removesuffix(suffix)
                wants_json, names_form = is_json, True
    return Asked(BASES[base], base, "/".join(segments).rstrip("/"), wants_json, names_form)


def _accepts_json(scope: Scope) -> bool:
    return any(name == b"accept" and b"json" in value.lower() for name, value in scope["headers"])
