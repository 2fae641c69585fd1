"""`Applications`: addresses of documents under a name (reference 4.3)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from litestar import Response, Router, delete, get, post, route
from litestar.params import FromPath

from dialplane.domain.errors import NotFound
from dialplane.domain.ids import ApplicationId, to_sid
from dialplane.domain.numbering.applications import Application, ApplicationKind, AttachedNumber, Script
from dialplane.faces.restcomm.accounts import read_unpaged
from dialplane.faces.restcomm.credentials import RESOURCE, read_sid
from dialplane.faces.restcomm.dialects import Asked
from dialplane.faces.restcomm.forms import Parameters, invalid
from dialplane.faces.restcomm.number_shapes import formatted
from dialplane.faces.restcomm.paging import Collection, Listed, show_list
from dialplane.faces.restcomm.refusals import naming
from dialplane.faces.restcomm.rendering import show
from dialplane.faces.restcomm.request import RestcommRequest
from dialplane.services.numbering import applications as service

APPLICATIONS = Collection("Applications", "Application", "applications")

_PARAMETERS: Mapping[str, str] = {"name": "FriendlyName", "rcml_url": "RcmlUrl", "api_version": "ApiVersion"}
Attached = Mapping[ApplicationId, Sequence[AttachedNumber]]


@get("/")
async def list_applications(request: RestcommRequest) -> Response[bytes]:
    """The account's applications; with `includeNumbers=true` each shows the numbers that point at it."""
    page = read_unpaged(request, APPLICATIONS)
    applications, total = await service.query_applications(
        request.database,
        request.account_id,
        name=request.filters.text("FriendlyName"),
        offset=page.offset,
        limit=page.size + 1,
    )
    shown = applications[: page.size]
    attached = await _attached(request, [application.id for application in shown])
    rows = [show_application(request.asked, application, attached) for application in shown]
    return show_list(request, APPLICATIONS, Listed(rows, total, more_follow=len(applications) > page.size), page)


@post("/", status_code=200)
async def create_application(request: RestcommRequest) -> Response[bytes]:
    """A new application."""
    name = request.parameters.text("FriendlyName")
    if not name and request.dialect.is_twilio:
        name = f"Application created at {request.now:%Y-%m-%d %H:%M:%S}"
    elif not name:
        raise invalid("FriendlyName", "is needed")
    write = partial(_write, request.parameters)
    with naming(_PARAMETERS):
        application = await service.create_application(
            request.database, request.account_id, write, name=name, now=request.now
        )
    members = show_application(request.asked, application, {})
    return show(request.asked, "Application", members, status=request.dialect.created)


@get("/{application_sid:str}")
async def get_application(request: RestcommRequest, application_sid: FromPath[str]) -> Response[bytes]:
    """One application."""
    application_id = _application_id(application_sid)
    application = await service.get_application(request.database, request.account_id, application_id)
    attached = await _attached(request, [application_id])
    return show(request.asked, "Application", show_application(request.asked, application, attached))


@route("/{application_sid:str}", http_method=["POST", "PUT"], status_code=200)
async def update_application(request: RestcommRequest, application_sid: FromPath[str]) -> Response[bytes]:
    """Change what is given; an empty value takes a URL away."""
    with naming(_PARAMETERS):
        application = await service.update_application(
            request.database,
            request.account_id,
            _application_id(application_sid),
            partial(_write, request.parameters),
            request.now,
        )
    return show(request.asked, "Application", show_application(request.asked, application, {}))


@delete("/{application_sid:str}", status_code=200)
async def delete_application(request: RestcommRequest, application_sid: FromPath[str]) -> Response[bytes]:
    """Delete it; numbers that point at it go on with what they have of their own."""
    await service.delete_application(
        request.database, request.account_id, _application_id(application_sid), request.now
    )
    return Response(b"", status_code=request.dialect.deleted, media_type=request.asked.media_type)


async def _attached(request: RestcommRequest, application_ids: Sequence[ApplicationId]) -> Attached:
    """Nothing, unless the client wants the numbers."""
    if request.dialect.is_twilio or not request.filters.flag("includeNumbers"):
        return {}
    return await service.numbers_of_applications(request.database, application_ids)


# --- what the client writes ------------------------------------------------------------------------------------------


def _write(parameters: Parameters, application: Application) -> Application:
    """Raises Invalid naming the parameter."""
    name, version = parameters.find("FriendlyName"), parameters.find("ApiVersion")
    rcml_url = parameters.url("RcmlUrl")
    kind = _read_kind(parameters)
    lookup, connect = parameters.flag("VoiceCallerIdLookup"), parameters.flag("PublicApplicationConnectEnabled")
    if rcml_url is not None:
        application = _with_one_address(application, application.kind if kind is None else kind, rcml_url)
    return replace(
        application,
        name=application.name if name is None else name,
        api_version=application.api_version if version is None else version,
        kind=application.kind if kind is None else kind,
        caller_id_lookup=application.caller_id_lookup if lookup is None else lookup,
        public_connect=application.public_connect if connect is None else connect,
        voice=_write_script(parameters, "Voice", application.voice),
        sms=_write_script(parameters, "Sms", application.sms),
        ussd=_write_script(parameters, "Ussd", application.ussd),
        status_url=_or(parameters.url("StatusCallback"), application.status_url),
        status_method=parameters.method("StatusCallbackMethod") or application.status_method,
        sms_status_url=_or(parameters.url("SmsStatusCallback"), application.sms_status_url),
        message_status_url=_or(parameters.url("MessageStatusCallback"), application.message_status_url),
    )


def _with_one_address(application: Application, kind: ApplicationKind, url: str) -> Application:
    """The last write wins: the one address takes the place of those that were written for what it is for."""
    kinds = (kind,) if kind is not ApplicationKind.ANY else tuple(ApplicationKind)

    def script(own: ApplicationKind, old: Script) -> Script:
        return replace(old, url="") if own in kinds else old

    return replace(
        application,
        rcml_url=url,
        voice=script(ApplicationKind.VOICE, application.voice),
        sms=script(ApplicationKind.SMS, application.sms),
        ussd=script(ApplicationKind.USSD, application.ussd),
    )


def _write_script(parameters: Parameters, prefix: str, old: Script) -> Script:
    return Script(
        _or(parameters.url(f"{prefix}Url"), old.url),
        parameters.method(f"{prefix}Method") or old.method,
        _or(parameters.url(f"{prefix}FallbackUrl"), old.fallback_url),
        parameters.method(f"{prefix}FallbackMethod") or old.fallback_method,
    )


def _read_kind(parameters: Parameters) -> ApplicationKind | None:
    word = parameters.find("Kind")
    if word is None:
        return None
    try:
        return ApplicationKind(word.strip().lower())
    except ValueError:
        raise invalid("Kind", "is voice, sms or ussd") from None


def _or(given: str | None, kept: str) -> str:
    return kept if given is None else given


def _application_id(sid: str) -> ApplicationId:
    application_id = read_sid("AP", sid)
    if application_id is None:
        raise NotFound("There is no such application", reason="APPLICATION_NOT_FOUND")
    return ApplicationId(application_id)


# --- what the client reads -------------------------------------------------------------------------------------------


def show_application(asked: Asked, application: Application, attached: Attached) -> dict[str, object]:
    account_sid, sid = to_sid("AC", application.account_id), to_sid("AP", application.id)
    common: dict[str, object] = {
        "sid": sid,
        "date_created": asked.dialect.show_time(application.created_at),
        "date_updated": asked.dialect.show_time(application.updated_at or application.created_at),
        "friendly_name": application.name,
        "account_sid": account_sid,
        "api_version": application.api_version or asked.dialect.api_version,
        "voice_caller_id_lookup": application.caller_id_lookup,
        "uri": asked.uri(f"/Accounts/{account_sid}/Applications/{sid}"),
    }
    if asked.dialect.is_twilio:
        return common | _twilios_own(application)
    members = common | {
        "rcml_url": application.main_url or None,
        "kind": application.kind.value or None,
        **_written(application),
    }
    if application.id in attached:
        members["numbers"] = [_number(number) for number in attached[application.id]]
    return {name: value for name, value in members.items() if value is not None}


def _twilios_own(application: Application) -> dict[str, object]:
    return {
        **_script("voice", application.script(ApplicationKind.VOICE)),
        **_script("sms", application.script(ApplicationKind.SMS)),
        "status_callback": application.status_url or None,
        "status_callback_method": application.status_method,
        "sms_status_callback": application.sms_status_url or None,
        "message_status_callback": application.message_status_url or None,
        "public_application_connect_enabled": application.public_connect,
    }


def _written(application: Application) -> dict[str, object]:
    """What an application has beyond Restcomm's one address, where it has it."""
    scripts = (("voice", application.voice), ("sms", application.sms), ("ussd", application.ussd))
    members: dict[str, object] = {}
    for name, script in scripts:
        if script != Script():
            members |= _script(name, script)
    if application.status_url:
        members |= {"status_callback": application.status_url, "status_callback_method": application.status_method}
    return members | {
        "sms_status_callback": application.sms_status_url or None,
        "message_status_callback": application.message_status_url or None,
    }


def _script(name: str, script: Script) -> dict[str, object]:
    return {
        f"{name}_url": script.url or None,
        f"{name}_method": script.method,
        f"{name}_fallback_url": script.fallback_url or None,
        f"{name}_fallback_method": script.fallback_method,
    }


def _number(number: AttachedNumber) -> dict[str, object]:
    sid = to_sid("AP", number.application_id)
    members = {
        "sid": to_sid("PN", number.id),
        "friendly_name": number.name or formatted(number.number),
        "phone_number": number.number,
        "voice_application_sid": sid if number.for_voice else None,
        "sms_application_sid": sid if number.for_messages else None,
        "ussd_application_sid": sid if number.for_ussd else None,
        "refer_application_sid": sid if number.for_transfers else None,
    }
    return {name: value for name, value in members.items() if value is not None}


router = Router(
    "/Accounts/{account_sid:str}/Applications",
    route_handlers=[
        list_applications,
        create_application,
        get_application,
        update_application,
        delete_application,
    ],
    opt={RESOURCE: "Applications"},
)
