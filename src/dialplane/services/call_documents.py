"""Calls that come to a document or an application: where the document is, and what its server will want to know.

Asked only for those calls, with one read for all applications of a batch; calls of flows cost nothing here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from dialplane.domain.application_documents import call_document
from dialplane.domain.applications import Application
from dialplane.domain.calls import CallExtras
from dialplane.domain.ids import ApplicationId, CallId
from dialplane.domain.number_settings import seen
from dialplane.domain.numbers import Number
from dialplane.domain.programs.sources import RESTCOMM_VERSION, DocumentSource, StatusCallback
from dialplane.domain.targets import ApplicationTarget, DocumentTarget
from dialplane.services.arrivals import HeaderFields, Plan
from dialplane.services.transaction import Transaction

MOST_HEADERS, LONGEST_HEADER = 30, 512
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
    """Of the plans whose number leads to a document or an application."""
    applications = await _applications(tx, plans)
    return {
        plan.arrival.call_id: _document(plan, number, target, applications)
        for plan in plans
        if (number := plan.decision.number) is not None
        and isinstance(target := plan.decision.target, DocumentTarget | ApplicationTarget)
    }


async def _applications(tx: Transaction, plans: Sequence[Plan]) -> dict[ApplicationId, Application]:
    targets = [plan.decision.target for plan in plans]
    wanted = {ApplicationId(each.application_id) for each in targets if isinstance(each, ApplicationTarget)}
    return await tx.applications.find_many(wanted) if wanted else {}


def _document(
    plan: Plan,
    number: Number,
    target: DocumentTarget | ApplicationTarget,
    applications: dict[ApplicationId, Application],
) -> CallDocument:
    settings = seen(number.settings, number.targets)
    version, looks_up_name = settings.api_version, settings.caller_id_lookup
    document: DocumentTarget | None = None
    if isinstance(target, DocumentTarget):
        document = target
    else:
        application = applications.get(ApplicationId(target.application_id))
        if application is not None and application.account_id == number.account_id:
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


def _status(document: DocumentTarget | None, version: str) -> StatusCallback | None:
    if document is None or not document.status_url:
        return None
    return StatusCallback(document.status_url, document.status_method, api_version=version)


def extra_headers(headers: HeaderFields | None) -> tuple[tuple[str, str], ...]:
    """The `X-` headers, fit to be stored."""
    if headers is None:
        return ()
    found = [(name, _storable(value)) for name, value in headers if name[:2].upper() == "X-" and len(name) <= 64]
    return tuple(found[:MOST_HEADERS])


def forwarded_from(headers: HeaderFields | None) -> str:
    """The user of the (first) Diversion header (RFC 5806): who forwarded the call to us."""
    field = headers.get("Diversion") if headers is not None else None
    if not field:
        return ""
    address = field.partition("<")[2].partition(">")[0] or field.partition(";")[0]
    return _storable(address.partition(":")[2].partition("@")[0].partition(";")[0])[:128]


def _storable(value: str) -> str:
    return value.replace("\x00", "")[:LONGEST_HEADER]
