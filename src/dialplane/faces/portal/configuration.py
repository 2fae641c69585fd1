"""What the configuration of one number shows, on its own page and where it is expanded in a list."""

from collections.abc import Sequence

from dialplane.domain.numbering.number_defaults import defaults_of
from dialplane.domain.numbering.numbers import Number
from dialplane.domain.numbering.targets import (
    ApplicationTarget,
    DocumentTarget,
    FlowTarget,
    ForwardTarget,
    HookTarget,
    VoiceTarget,
)
from dialplane.faces.portal.countries import calling_codes
from dialplane.faces.portal.forms import Form
from dialplane.faces.portal.request import PortalRequest
from dialplane.services.calling.extensions import list_extensions
from dialplane.services.numbering.applications import query_applications
from dialplane.services.programs.flows import list_flows

_MANY = 200
WAYS = ("users", "pstn", "sip", "flow", "document", "application")


async def configuration(request: PortalRequest, number: Number, form: Form) -> dict[str, object]:
    """For the template `parts/configuration.html`."""
    account = request.account_id
    flows = await list_flows(request.database, account, before=None, limit=_MANY)
    applications, _ = await query_applications(request.database, account, limit=_MANY)
    extensions = await list_extensions(request.database, account, before=None, limit=_MANY)
    voice, message = number.targets.voice, number.targets.message
    asked = request.fields.get("way")
    return {
        "each": number,
        "form": form,
        "way": asked if asked in WAYS else _way_of(voice),
        "ways": _ways(request.project.account.name),
        "forward": voice if isinstance(voice, ForwardTarget) else ForwardTarget(),
        "document": voice if isinstance(voice, DocumentTarget) else None,
        "flow_id": str(voice.flow_id) if isinstance(voice, FlowTarget) else "",
        "application_id": str(voice.application_id) if isinstance(voice, ApplicationTarget) else "",
        "hook": message if isinstance(message, HookTarget) else None,
        "message_flow_id": str(message.flow_id) if isinstance(message, FlowTarget) else "",
        "message_document": message if isinstance(message, DocumentTarget) else None,
        "message_application_id": str(message.application_id) if isinstance(message, ApplicationTarget) else "",
        "flows": [(str(flow.id), flow.name or "unnamed") for flow in flows],
        "applications": [(str(each.id), each.name or "unnamed") for each in applications],
        "extensions": [each.extension for each in extensions],
        "codes": calling_codes(),
        "home_code": request.project.account.home_country,
        "defaults": defaults_of(request.project.account.metadata),
        "back": request.fields.get("back") or _here(request, number),
    }


def _here(request: PortalRequest, number: Number) -> str:
    """Where to be again after a change."""
    is_list = bool(request.fields.get("expand"))
    return f"{request.url.path}?expand={number.id}" if is_list else request.at(f"/numbers/{number.id}")


def _way_of(voice: VoiceTarget) -> str:
    match voice:
        case ForwardTarget(pstn=pstn) if pstn:
            return "pstn"
        case ForwardTarget(sip=sip) if sip:
            return "sip"
        case FlowTarget():
            return "flow"
        case DocumentTarget():
            return "document"
        case ApplicationTarget():
            return "application"
        case _:
            return "users"


def _ways(project: str) -> Sequence[tuple[str, str]]:
    """The document's three first, in its words."""
    return (
        ("users", f"{project} Users"),
        ("pstn", "PSTN"),
        ("sip", "SIP"),
        ("flow", "Flow"),
        ("document", "Document URL"),
        ("application", "Application"),
    )
