"""Calls, messages and transfers that come to a document or an application: where the document is, and what its server
will want to know.

Asked only for those, with one read for all applications of a batch of calls; calls of flows cost nothing here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from dialplane.domain.calling.calls import CallExtras
from dialplane.domain.ids import ApplicationId, CallId
from dialplane.domain.numbering.application_documents import call_document, message_document
from dialplane.domain.numbering.applications import Application
from dialplane.domain.numbering.number_settings import NumberSettings, seen
from dialplane.domain.numbering.numbers import Number
from dialplane.domain.numbering.targets import ApplicationTarget, DocumentTarget
from dialplane.domain.programs.sources import RESTCOMM_VERSION, TWILIO_VERSION, DocumentSource, StatusCallback
from dialplane.services.calling.arrivals import HeaderFields, Plan, caller_address
from dialplane.services.transaction import Transaction

MOST_HEADERS, LONGEST_HEADER, LONGEST_NAME = 30, 512, 64
"""`X-` headers of an INVITE that are told to the application."""


@dataclass(frozen=True, slots=True)
class CallDocument:
    """What one such call runs. `source` is None where the application has no address for calls."""

    target: DocumentTarget | None
    extras: CallExtras
    looks_up_name: bool = False

    @property
    def source(self) -> DocumentSource | None:
        found = self.target
        if found is None:
            return None
        return DocumentSource(found.url, found.method, found.fallback_url, found.fallback_method)


async def find_documents(tx: Transaction, plans: Sequence[Plan]) -> dict[CallId, CallDocument]:
    """Of the plans whose number, or whose caller, leads to a document or an application."""
    applications = await _applications(tx, plans)
    found = {
        plan.arrival.call_id: _document(plan, target, applications)
        for plan in plans
        if isinstance(target := plan.decision.target, DocumentTarget | ApplicationTarget)
    }
    placed = [plan for plan in plans if plan.arrival.call_id in found and _tells_places(found[plan.arrival.call_id])]
    if placed:
        found |= await _with_places(tx, placed, found)
    return found


def _tells_places(document: CallDocument) -> bool:
    return document.extras.api_version == TWILIO_VERSION


async def _with_places(
    tx: Transaction, plans: Sequence[Plan], found: Mapping[CallId, CallDocument]
) -> dict[CallId, CallDocument]:
    """Twilio's dialect tells where the numbers are at home: one read for all calls of a batch."""
    parties = {
        plan.arrival.call_id: (
            caller_address(plan.arrival).target,
            plan.decision.number.number if plan.decision.number else "",
        )
        for plan in plans
    }
    places = await tx.inventory.places({number for pair in parties.values() for number in pair})
    return {
        call_id: replace(
            found[call_id],
            extras=replace(
                found[call_id].extras, source_place=places.get(caller), destination_place=places.get(called)
            ),
        )
        for call_id, (caller, called) in parties.items()
    }


async def _applications(tx: Transaction, plans: Sequence[Plan]) -> dict[ApplicationId, Application]:
    targets = [plan.decision.target for plan in plans]
    wanted = {ApplicationId(each.application_id) for each in targets if isinstance(each, ApplicationTarget)}
    return await tx.applications.find_many(wanted) if wanted else {}


def _document(
    plan: Plan,
    target: DocumentTarget | ApplicationTarget,
    applications: dict[ApplicationId, Application],
) -> CallDocument:
    number = plan.decision.number
    settings = NumberSettings() if number is None else seen(number.settings, number.targets)
    version, looks_up_name = settings.api_version, settings.caller_id_lookup
    document: DocumentTarget | None = None
    if isinstance(target, DocumentTarget):
        document = target
    else:
        application = applications.get(ApplicationId(target.application_id))
        if application is not None and plan.account is not None and application.account_id == plan.account.id:
            document = call_document(application, settings)
            version = version or application.api_version
            looks_up_name = looks_up_name or application.caller_id_lookup
    version = version or RESTCOMM_VERSION
    headers = plan.arrival.headers
    extras = CallExtras(
        caller_name=plan.arrival.source_name,
        forwarded_from=forwarded_from(headers),
        sip_headers=extra_headers(headers),
        api_version=version,
        status=_status(document, version),
    )
    return CallDocument(document, extras, looks_up_name)


async def find_message_document(tx: Transaction, number: Number) -> tuple[DocumentSource, str] | None:
    """What a message to the number runs, and in which dialect; None where there is no address for messages."""
    settings, target = seen(number.settings, number.targets), number.targets.message
    version = settings.api_version
    document = target if isinstance(target, DocumentTarget) else None
    if isinstance(target, ApplicationTarget):
        application = await tx.applications.find(number.account_id, ApplicationId(target.application_id))
        if application is not None:
            document = message_document(application, settings)
            version = version or application.api_version
    if document is None:
        return None
    source = DocumentSource(document.url, document.method, document.fallback_url, document.fallback_method)
    return source, version or RESTCOMM_VERSION


async def find_refer_document(tx: Transaction, number: Number) -> DocumentSource | None:
    """What a transfer of a call to the number runs (reference 5.7): the URL without a fallback, or the application's;
    None where transfers are not taken."""
    target = number.targets.refer
    if isinstance(target, DocumentTarget):
        return DocumentSource(target.url, target.method)
    if isinstance(target, ApplicationTarget):
        application = await tx.applications.find(number.account_id, ApplicationId(target.application_id))
        document = call_document(application, seen(number.settings, number.targets)) if application else None
        return DocumentSource(document.url, document.method) if document else None
    return None


def _status(document: DocumentTarget | None, version: str) -> StatusCallback | None:
    if document is None or not document.status_url:
        return None
    return StatusCallback(document.status_url, document.status_method, api_version=version)


def extra_headers(headers: HeaderFields | None) -> tuple[tuple[str, str], ...]:
    """The `X-` headers and the Diversion, fit to be stored."""
    if headers is None:
        return ()
    found = [(name, _storable(value)) for name, value in headers if _is_told(name)]
    return tuple(found[:MOST_HEADERS])


def _is_told(name: str) -> bool:
    return (name[:2].upper() == "X-" or name == "Diversion") and len(name) <= LONGEST_NAME


def forwarded_from(headers: HeaderFields | None) -> str:
    """The user of the (first) Diversion header (RFC 5806): who forwarded the call to us."""
    field = headers.get("Diversion") if headers is not None else None
    if not field:
        return ""
    address = field.partition("<")[2].partition(">")[0] or field.partition(";")[0]
    return _storable(address.partition(":")[2].partition("@")[0].partition(";")[0])[:128]


def _storable(value: str) -> str:
    return value.replace("\x00", "")[:LONGEST_HEADER]
