"""Static files under names that change with their content, so that browsers keep them for good."""

import gzip
import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import msgspec
from litestar import Request, Response, Router, get
from litestar.datastructures import State
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from dialplane.domain.flows.schema import actions_schema

_FOLDER = Path(__file__).parent / "static"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".png": "image/png",
    ".mp3": "audio/mpeg",
}
_IMPORT = re.compile(rb'(?<=from ")\./([a-z_]+\.js)(?=")')
"""How a module names another one that lies beside it."""
_WORTH_PACKING = (".css", ".js", ".json", ".svg", ".webmanifest")
_FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    content: bytes
    packed: bytes | None
    """By gzip, where that is worth it."""
    media_type: str


class Assets:
    """All of them in memory: they are few and small."""

    def __init__(self) -> None:
        self._by_path: dict[str, Asset] = {}
        self._paths: dict[str, str] = {}
        for file in sorted(_FOLDER.iterdir()):
            if file.suffix in _TYPES:  # the others are licences and the like
                self._add(file)
        # What the editor of flows makes its forms of: the validator's own catalogue.
        self._keep(Path("flow_actions.json"), msgspec.json.encode(actions_schema()))

    def _add(self, file: Path) -> str:
        """The file's address. Modules find each other by theirs, so what a module imports is added before it."""
        if file.name in self._paths:
            return self._paths[file.name]
        content = file.read_bytes()
        if file.suffix == ".js":
            content = _IMPORT.sub(lambda found: self._add(_FOLDER / found[1].decode()).encode(), content)
        return self._keep(file, content)

    def _keep(self, file: Path, content: bytes) -> str:
        path = f"{file.stem}.{sha256(content).hexdigest()[:12]}{file.suffix}"
        packed = gzip.compress(content, mtime=0) if file.suffix in _WORTH_PACKING else None
        self._by_path[path] = Asset(content, packed, _TYPES[file.suffix])
        self._paths[file.name] = f"/portal/static/{path}"
        return self._paths[file.name]

    def url(self, name: str) -> str:
        """Where the file is served. Raises KeyError where there is none: a fault of a template."""
        return self._paths[name]

    def find(self, path: str) -> Asset | None:
        return self._by_path.get(path)


ASSETS = Assets()


@get("/{name:str}")
async def serve(name: FromPath[str], request: Request[None, None, State]) -> Response[bytes]:
    asset = ASSETS.find(name)
    if asset is None:
        raise NotFoundException
    headers = {"Cache-Control": _FOREVER, "Vary": "Accept-Encoding"}
    if asset.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(asset.packed, media_type=asset.media_type, headers=headers)
    return Response(asset.content, media_type=asset.media_type, headers=headers)


router = Router("/portal/static", route_handlers=[serve])
