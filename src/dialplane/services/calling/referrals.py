"""Where a REFER within a call leads: to the document that the call's number names for transfers."""

from dialplane.domain.calling.calls import Call
from dialplane.domain.ids import ApplicationId
from dialplane.domain.numbering.application_documents import call_document
from dialplane.domain.numbering.number_settings import seen
from dialplane.domain.numbering.targets import ApplicationTarget, DocumentTarget
from dialplane.domain.programs.sources import DocumentSource
from dialplane.services.transaction import Database, Transaction


async def find_refer_document(database: Database, call: Call) -> DocumentSource | None:
    """Of the number that the call came to, or that its master came to. None where it names none.

    The document has no fallback (Restcomm reference 5.7).
    """
    async with database.reading() as tx:
        number_id = call.number_id
        if number_id is None and call.master_call_id is not None:
            master = await tx.calls.find(call.account_id, call.master_call_id)
            number_id = master.number_id if master is not None else None
        number = await tx.numbers.find(call.account_id, number_id) if number_id is not None else None
        if number is None:
            return None
        target = number.targets.refer
        if isinstance(target, ApplicationTarget):
            applications = await tx.applications.find_many({ApplicationId(target.application_id)})
            application = applications.get(ApplicationId(target.application_id))
            target = None
            if application is not None and application.account_id == call.account_id:
                target = call_document(application, seen(number.settings, number.targets))
    return DocumentSource(target.url, target.method) if isinstance(target, DocumentTarget) else None


async def has_extension(tx: Transaction, call: Call, name: str) -> bool:
    """Whether the account has a phone of that name."""
    return await tx.registrations.find_extension_named(call.account_id, name) is not None
