"""`Clients`: users of SIP phones and browsers (reference 4.8). Restcomm's alone: Twilio has nothing like it."""

from litestar import Response, Router, delete, get, post, route
from litestar.params import FromPath

from dialplane.domain.calling.extensions import Extension
from dialplane.domain.errors import NotFound
from dialplane.domain.ids import ExtensionId, to_sid
from dialplane.faces.restcomm.accounts import read_unpaged
from dialplane.faces.restcomm.credentials import RESOURCE, read_sid
from dialplane.faces.restcomm.forms import Parameters, invalid
from dialplane.faces.restcomm.number_fields import read_fetch
from dialplane.faces.restcomm.paging import Collection, Listed, show_list
from dialplane.faces.restcomm.refusals import naming
from dialplane.faces.restcomm.rendering import show
from dialplane.faces.restcomm.request import RestcommRequest
from dialplane.services.calling import clients as service
from dialplane.services.calling.extensions import delete_extension, get_extension
from dialplane.services.tenancy.organizations import get_organization

CLIENTS = Collection("Clients", "Client", "clients")

_NAMES = {"login": "Login", "extension": "Login", "password": "Password", "name": "FriendlyName"}
_STATUSES = {"0": False, "1": True}


@get("/")
async def list_clients(request: RestcommRequest) -> Response[bytes]:
    """The account's clients."""
    _restcomm_only(request)
    page = read_unpaged(request, CLIENTS)
    found, total = await service.query_clients(
        request.database, request.account_id, offset=page.offset, limit=page.size + 1
    )
    realm = await _realm(request)
    rows = [_shape(request, each, realm) for each in found[: page.size]]
    return show_list(request, CLIENTS, Listed(rows, total, more_follow=len(found) > page.size), page)


@post("/", status_code=200)
async def create_client(request: RestcommRequest) -> Response[bytes]:
    """A new client, or the account's own of that login."""
    _restcomm_only(request)
    login = request.parameters.text("Login")
    for name in ("Login", "Password"):
        if not request.parameters.text(name):
            raise invalid(name, "is needed")
    with naming(_NAMES):
        made = await service.create_client(
            request.database, request.account_id, login, _read(request.parameters, login), request.now
        )
    return await _shown(request, made)


@get("/{client_sid:str}")
async def get_client(request: RestcommRequest, client_sid: FromPath[str]) -> Response[bytes]:
    """One client."""
    _restcomm_only(request)
    return await _shown(request, await get_extension(request.database, request.account_id, _client_id(client_sid)))


@route("/{client_sid:str}", http_method=["POST", "PUT"], status_code=200)
async def update_client(request: RestcommRequest, client_sid: FromPath[str]) -> Response[bytes]:
    """Change what is given; an empty value takes a URL away."""
    _restcomm_only(request)
    with naming(_NAMES):
        changed = await service.update_client(
            request.database, request.account_id, _client_id(client_sid), _read(request.parameters), request.now
        )
    return await _shown(request, changed)


@delete("/{client_sid:str}", status_code=200)
async def delete_client(request: RestcommRequest, client_sid: FromPath[str]) -> Response[bytes]:
    """Take it away with its registrations."""
    _restcomm_only(request)
    await delete_extension(request.database, request.account_id, _client_id(client_sid), request.now)
    return Response(b"", status_code=200, media_type=request.asked.media_type)


def _read(parameters: Parameters, login: str = "") -> service.ClientChange:
    """`login` is the name of one that is new and has no other. Raises Invalid naming the parameter."""
    status = parameters.text("Status")
    if status and status not in _STATUSES:
        raise invalid("Status", "is 0 (disabled) or 1 (enabled)")
    return service.ClientChange(
        password=parameters.text("Password") or None,
        name=parameters.text("FriendlyName", longest=64) or login or None,
        is_enabled=_STATUSES.get(status),
        voice=read_fetch(parameters, "Voice"),
        is_push_enabled=parameters.flag("IsPushEnabled"),
    )


def _shape(request: RestcommRequest, client: Extension, realm: str) -> dict[str, object]:
    """What has no value is left out."""
    dialect, voice = request.dialect, client.voice
    account_sid, sid = to_sid("AC", client.account_id), to_sid("CL", client.id)
    members: dict[str, object] = {
        "sid": sid,
        "date_created": dialect.show_time(client.created_at),
        "date_updated": dialect.show_time(client.updated_at or client.created_at),
        "account_sid": account_sid,
        "api_version": dialect.api_version,
        "friendly_name": client.name or client.extension,
        "login": client.extension,
        "password": service.shown_password(client, realm),
        "password_algorithm": "MD5",
        "status": 1 if client.is_enabled else 0,
        "voice_url": voice.url or None,
        "voice_method": voice.method,
        "voice_fallback_url": voice.fallback_url or None,
        "voice_fallback_method": voice.fallback_method,
        "voice_application_sid": None if voice.application_id is None else to_sid("AP", voice.application_id),
        "uri": request.asked.uri(f"/Accounts/{account_sid}/Clients/{sid}"),
        "push_client_identity": sid if client.is_push_enabled else None,
    }
    return {name: value for name, value in members.items() if value is not None}


async def _shown(request: RestcommRequest, client: Extension) -> Response[bytes]:
    return show(request.asked, "Client", _shape(request, client, await _realm(request)))


async def _realm(request: RestcommRequest) -> str:
    """The first domain of the account's organization, by which its phones authenticate."""
    own = await get_organization(request.database, request.account, request.account.organization_id)
    return next(iter(own.organization.domains), "")


def _client_id(sid: str) -> ExtensionId:
    client_id = read_sid("CL", sid)
    if client_id is None:
        raise NotFound("There is no such client", reason="CLIENT_NOT_FOUND")
    return ExtensionId(client_id)


def _restcomm_only(request: RestcommRequest) -> None:
    if request.dialect.is_twilio:
        raise NotFound("The requested resource was not found")


router = Router(
    "/Accounts/{account_sid:str}/Clients",
    route_handlers=[list_clients, create_client, get_client, update_client, delete_client],
    opt={RESOURCE: "Clients"},
)
