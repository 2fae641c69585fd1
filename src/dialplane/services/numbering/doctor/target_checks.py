"""What the number runs: whether the flow is sound, and whether the document's server answers."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dialplane.domain.errors import Invalid
from dialplane.domain.flows.validation import validate_actions
from dialplane.domain.ids import ApplicationId, FlowId
from dialplane.domain.numbering.application_documents import call_document, message_document
from dialplane.domain.numbering.diagnosis import Finding, fine, no_matter, problem, warning
from dialplane.domain.numbering.number_settings import seen
from dialplane.domain.numbering.numbers import Number
from dialplane.domain.numbering.targets import (
    ApplicationTarget,
    DocumentTarget,
    FlowTarget,
    HookTarget,
    MessageTarget,
    VoiceTarget,
)
from dialplane.domain.programs.commands import Failed
from dialplane.domain.rcml.document import DocumentFault, parse_document
from dialplane.services.programs.outside import MAX_REDIRECTS, Web
from dialplane.services.transaction import Database, Transaction

TIMEOUT_S = 6.0
"""As long as a caller would wait."""

_WHAT = {"voice": "calls", "message": "messages"}


@dataclass(frozen=True, slots=True)
class _Ask:
    """A document that has to be fetched to be judged."""

    kind: str
    document: DocumentTarget


async def check_targets(database: Database, web: Web, number: Number) -> list[Finding]:
    """One finding for each of voice and messages, and one for each document that either runs."""
    async with database.reading() as tx:
        judged = [await _judge(tx, number, kind, target) for kind, target in _targets(number).items()]
        token = (await tx.accounts.get(number.account_id)).auth_token
    findings = [finding for finding, _ in judged]
    asks = [ask for _, ask in judged if ask is not None]
    if not asks:
        return [*findings, no_matter("document", "the number runs no document")]
    return [*findings, *await asyncio.gather(*(_fetch(web, number, ask, token) for ask in asks))]


def _targets(number: Number) -> Mapping[str, VoiceTarget | MessageTarget]:
    return {"voice": number.targets.voice, "message": number.targets.message}


async def _judge(
    tx: Transaction, number: Number, kind: str, target: VoiceTarget | MessageTarget
) -> tuple[Finding, _Ask | None]:
    check = f"{kind}_target"
    if target is None:
        advice = "attach a flow, a document or a forward: PUT /v1.0/numbers/{id}/targets"
        says = f"nothing is attached for {_WHAT[kind]}"
        return (problem if kind == "voice" else warning)(check, says, advice), None
    if isinstance(target, FlowTarget):
        return await _judge_flow(tx, number, check, target), None
    if isinstance(target, DocumentTarget):
        return fine(check, f"{_WHAT[kind]} run the document at {target.url[:200]}"), _Ask(kind, target)
    if isinstance(target, ApplicationTarget):
        return await _judge_application(tx, number, kind, target)
    if isinstance(target, HookTarget):
        return fine(check, f"messages go to the hook at {target.url[:200]}"), None
    where = target.pstn or target.sip or ", ".join(target.users)
    return fine(check, f"calls are forwarded to {where[:200]}"), None


async def _judge_flow(tx: Transaction, number: Number, check: str, target: FlowTarget) -> Finding:
    flow = await tx.flows.find(number.account_id, FlowId(target.flow_id))
    if flow is None:
        return problem(check, f"the flow {target.flow_id} is gone", "attach another one")
    if not flow.actions:
        return problem(check, f"the flow {flow.name or flow.id} has no actions: it ends at once", "give it some")
    try:
        validate_actions([action.document() for action in flow.actions])
    except Invalid as fault:
        return problem(check, f"the flow {flow.name or flow.id} is not valid: {fault.message}", "correct the flow")
    return fine(check, f"the flow {flow.name or flow.id} is valid, with {len(flow.actions)} actions")


async def _judge_application(
    tx: Transaction, number: Number, kind: str, target: ApplicationTarget
) -> tuple[Finding, _Ask | None]:
    check, settings = f"{kind}_target", seen(number.settings, number.targets)
    application = await tx.applications.find(number.account_id, ApplicationId(target.application_id))
    if application is None:
        return problem(check, f"the application {target.application_id} is gone", "attach another one"), None
    document = (call_document if kind == "voice" else message_document)(application, settings)
    if document is None:
        says = f"the application {application.name} has no address for {_WHAT[kind]}"
        return problem(check, says, "give it one"), None
    return fine(check, f"{_WHAT[kind]} run the application {application.name}"), _Ask(kind, document)


async def _fetch(web: Web, number: Number, ask: _Ask, token: str) -> Finding:
    check, document = "document", ask.document
    form = _form(number, ask.kind)
    loop = asyncio.get_running_loop()
    started = loop.time()
    got = await web.fetch(
        document.url, document.method, form=form, token=token, redirects=MAX_REDIRECTS, timeout_s=TIMEOUT_S
    )
    where = f"{document.method} {document.url[:200]}"
    if isinstance(got, Failed):
        advice = "start the server, or correct the address" if document.fallback_url == "" else "the fallback is used"
        return problem(check, f"{where} gives no answer: {got.reason}", advice)
    took = f"{(loop.time() - started) * 1000:.0f} ms"
    if not 200 <= got.status < 300:
        return problem(check, f"{where} answers {got.status} after {took}", "look at the server's log")
    if got.content_type.startswith(("audio/", "text/plain")):
        return fine(check, f"{where} answers {got.content_type} after {took}")
    try:
        parse_document(got.body)
    except DocumentFault as fault:
        return problem(check, f"{where} answers what is no document: {fault}", "answer with a Response in XML")
    return fine(check, f"{where} answers a document after {took}")


def _form(number: Number, kind: str) -> Sequence[tuple[str, str]]:
    """Enough for a server that looks at them; `DialplaneDoctor` tells it that nobody calls."""
    sid = f"{'CA' if kind == 'voice' else 'SM'}{'0' * 32}"
    parties = [("From", number.number), ("To", number.number), ("AccountSid", f"AC{number.account_id.hex}")]
    what = [("CallSid", sid), ("CallStatus", "ringing")] if kind == "voice" else [("MessageSid", sid), ("Body", "")]
    return [*what, *parties, ("DialplaneDoctor", "true")]
