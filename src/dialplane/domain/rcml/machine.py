"""The XML language's machine: a pure program (`programs.program.Program`) that runs documents (Restcomm reference 5).

A document's verbs run in order; a verb that names another document has it fetched in place of the one that runs. Every
program ends: after 1,000 verbs, 500 documents, or 20 documents in a row with nothing between them that takes time.
"""

from collections import deque
from collections.abc import Generator, Iterator, Mapping
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from dialplane.domain.programs.commands import (
    Answer,
    CallOver,
    Command,
    Dialled,
    Failed,
    FetchDocument,
    Finish,
    Hangup,
    Medium,
    Result,
    RunRecord,
    SendMessage,
    WriteNotification,
)
from dialplane.domain.programs.sources import DocumentSource, DocumentText
from dialplane.domain.rcml.answers import WAITING_FAILED, Document, Trouble, read_answer, read_text
from dialplane.domain.rcml.context import Context, Ending, Fallback, LastWord, Request, Role
from dialplane.domain.rcml.document import Element
from dialplane.domain.rcml.forms import place_form
from dialplane.domain.rcml.parameters import Form, Subject, message_parameters, voice_parameters
from dialplane.domain.rcml.verb import WRONG_VALUE, Verb
from dialplane.domain.rcml.verbs import VERBS, why_not
from dialplane.domain.rcml.verbs.dial import answers_on_bridge
from dialplane.domain.times import rfc3339

MAX_VERBS = 1000
MAX_DOCUMENTS = 500
MAX_REDIRECTS = 20
MOST_SHOWN = 100
"""Executed verbs that the run's record shows, the last ones."""
TIMEOUT_S, TWILIO_TIMEOUT_S = 6.0, 15.0
"""How long a server may take for a document, in each dialect (reference 5.2)."""
LONGEST_SHOWN_BODY = 4096

_KNOWN = frozenset(VERBS)
_INSTANT = (SendMessage, WriteNotification, FetchDocument, Answer)
"""Commands that take no time of the caller's: a circle of redirects with nothing else in it is broken."""


class RcmlProgram:
    """One run of documents, from `source` on.

    `answered` is whether the call is answered already. `timeout_s` goes before the time that the dialect gives a
    server. `variables` are shown in the run's record and not used.
    """

    def __init__(
        self,
        source: DocumentSource | DocumentText,
        subject: Subject,
        *,
        medium: Medium = Medium.CALL,
        role: Role = Role.CALL,
        answered: bool = False,
        recordings_url: str = "",
        timeout_s: float | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self._source = source
        self._timeout_s = timeout_s or (TWILIO_TIMEOUT_S if subject.is_twilio else TIMEOUT_S)
        self._variables = dict(variables or {})
        self._fallback = Fallback()
        if isinstance(source, DocumentSource):
            self._fallback = Fallback(source.fallback_url, source.fallback_method)
        self._context = Context(subject, medium, role, datetime.min, answered=answered, recordings_url=recordings_url)
        self._steps: Generator[Command, Result, None] | None = None
        self._executed: deque[dict[str, object]] = deque(maxlen=MOST_SHOWN)
        self._counted = 0
        self._verbs = self._documents = self._redirects = 0
        self._is_cut_off = False
        """The call went while its next document was on the way: nobody's fault."""
        self._last: Command | None = None
        self._record: RunRecord | None = None

    def start(self, now: datetime) -> Command:
        self._context.now = now
        self._steps = self._run()
        return self._note(next(self._steps))

    def resume(self, result: Result, now: datetime) -> Command:
        if self._steps is None or isinstance(self._last, LastWord):
            return self._note(self._last if isinstance(self._last, LastWord) else Finish())
        self._context.now = now
        if isinstance(result, CallOver):
            self._context.over = True
            self._is_cut_off = result.result is None and isinstance(self._last, FetchDocument)
            result = result.result or Failed("the call is over")
        self._take_note_of(result)
        return self._note(self._steps.send(result))

    def set_variables(self, variables: dict[str, str]) -> None:
        self._variables.update(variables)
        self._record = None

    def record(self) -> RunRecord:
        """Where the run stands; the same object until something changes."""
        if self._record is None:
            executed = tuple(self._executed)
            error = self._last.error if isinstance(self._last, Finish) else ""
            self._record = RunRecord(
                current_action=executed[-1] if executed else None,
                forward_action_id=None,
                executed_actions=executed,
                ended=isinstance(self._last, LastWord),
                error=error or self._context.error,
                variables=dict(self._variables),
            )
        return self._record

    # --- documents -----------------------------------------------------------------------------------------------

    def _run(self) -> Generator[Command, Result, None]:
        """From the first document to the last word, which is yielded and never answered."""
        ending: Ending = yield from self._begin()
        while isinstance(ending, Request):
            limit = self._limit_of(ending)
            if limit:
                ending = self._context.reach(limit)
                break
            ending = yield from self._ask(ending)
        yield from self._write_faults()
        yield ending or Finish(self._context.error)

    def _begin(self) -> Generator[Command, Result, Ending]:
        source = self._source
        if isinstance(source, DocumentSource):
            return Request(source.url, source.method, source.parameters)
        found = read_text(source.xml)
        if isinstance(found, Trouble):
            yield WriteNotification(found.code, found.message, response_body=found.body[:LONGEST_SHOWN_BODY])
            return self._refuse(found)
        return (yield from self._play(found))

    def _limit_of(self, request: Request) -> str:
        self._documents += 1
        self._redirects += 1
        if self._documents > MAX_DOCUMENTS:
            return f"limit: {MAX_DOCUMENTS} documents"
        return (
            f"limit: {MAX_REDIRECTS} documents in a row without anything to hear"
            if self._redirects > MAX_REDIRECTS
            else ""
        )

    def _ask(self, request: Request) -> Generator[Command, Result, Ending]:
        """Fetch a document and run it. What cannot be had or read is asked of the fallback once."""
        found = yield from self._fetch(request, request.parameters)
        if self._is_cut_off:
            return Finish(self._context.error)
        if isinstance(found, Trouble) and found.is_final:
            yield from self._write(request, found)
            return Finish(found.message)
        if isinstance(found, Trouble) and self._fallback.url and not self._context.over:
            yield from self._write(request, found)
            told: Form = (("ErrorCode", str(found.code)), ("ErrorUrl", request.url))
            request = Request(self._fallback.url, self._fallback.method)
            found = yield from self._fetch(request, told if self._context.is_twilio else ())
        if isinstance(found, Trouble):
            yield from self._write(request, found)
            return self._refuse(found)
        if self._context.over:  # an action that was told of the end: its answer is of no effect
            return Finish(self._context.error)
        return (yield from self._play(found))

    def _fetch(self, request: Request, parameters: Form) -> Generator[Command, Result, Document | Trouble]:
        self._show("document", {"url": request.url, "method": request.method})
        result = yield FetchDocument(
            request.url,
            request.method,
            form=self._parameters(parameters),
            signed=True,
            timeout_s=self._timeout_s,
        )
        return read_answer(request, result, self._context.medium, is_twilio=self._context.is_twilio)

    def _parameters(self, own: Form) -> Form:
        """Those of every request, and the verb's own, which count where a name is in both: no name stands twice."""
        context = self._context
        if context.medium is Medium.MESSAGE:
            every = message_parameters(context.subject)
        else:
            every = voice_parameters(
                context.subject, context.status, context.now, outbound_call_id=context.outbound_call_id
            )
        named = {name for name, _ in own}
        return tuple(each for each in every if each[0] not in named) + own

    def _write(self, request: Request, trouble: Trouble) -> Generator[Command, Result, None]:
        """The notification of a document that could not be run."""
        _, variables = place_form("", "POST", self._parameters(request.parameters))
        yield WriteNotification(
            WAITING_FAILED if self._context.role is Role.WAITING else trouble.code,
            trouble.message,
            request_url=request.url,
            request_method=request.method,
            request_variables=variables[:LONGEST_SHOWN_BODY],
            response_headers=trouble.headers,
            response_body=trouble.body[:LONGEST_SHOWN_BODY],
        )

    def _refuse(self, trouble: Trouble) -> LastWord:
        """Nothing to run (reference 5.3): a caller who was not answered gets 404 or 500 and the reason."""
        context = self._context
        context.error = context.error or trouble.message
        if context.medium is not Medium.CALL or context.over:
            return Finish(context.error)
        if context.answered or context.role is not Role.CALL:
            return context.hang_up()
        code = 404 if trouble.status == 404 else 500
        return Hangup("failed", sip_code=code, sip_reason=trouble.message)

    # --- verbs ---------------------------------------------------------------------------------------------------

    def _play(self, document: Document) -> Generator[Command, Result, Ending]:
        """Run the verbs of a document to its end, or to where one of them leads."""
        context = self._context
        context.base_url, context.headers = document.url, document.headers
        ran = False
        for element in self._verbs_of(document.root):
            ran = True
            if self._verbs >= MAX_VERBS:
                return context.reach(f"limit: {MAX_VERBS} verbs")
            self._verbs += 1
            self._show(element.name, {**element.attributes, **({"text": element.text} if element.text else {})})
            verb = Verb(element, context)
            if not self._waits_with_the_answer(verb):
                yield Answer()
            ending = yield from VERBS[element.name](verb)
            yield from self._write_faults()
            if ending is not None:
                return ending
            if context.over:
                return Finish(context.error)
        yield from self._write_faults()
        return (yield from self._end_of_document(ran))

    def _verbs_of(self, root: Element) -> Iterator[Element]:
        for element in root.visit(_KNOWN, into_unknown=not self._context.is_twilio):
            if element.name not in _KNOWN:
                self._context.note(WRONG_VALUE, f"<{element.name}> is no verb and is skipped", is_error=False)
            elif (reason := why_not(element.name, self._context.medium, self._context.role)) is not None:
                self._context.note(*reason)
            else:
                yield element

    def _waits_with_the_answer(self, verb: Verb) -> bool:
        """What goes before the answer (reference 5.4): a Reject, a Pause, and a Dial that answers when it is joined."""
        if self._context.medium is not Medium.CALL or self._context.answered:
            return True
        return verb.name in ("Reject", "Pause") or (verb.name == "Dial" and answers_on_bridge(verb))

    def _end_of_document(self, ran: bool) -> Generator[Command, Result, Ending]:
        """Hang up. A caller who was not answered gets what became of a Dial that was to answer; where there was nothing
        to run, 500, or in Twilio's dialect an answer before the end."""
        context = self._context
        if context.medium is not Medium.CALL or context.role is not Role.CALL or context.answered:
            return None
        if context.refused_code:
            return Hangup("failed", sip_code=context.refused_code)
        if ran:
            return None
        if context.is_twilio:
            yield Answer()
            return None
        context.error = "the document holds no verb"
        return Hangup("failed", sip_code=500, sip_reason=context.error)

    # --- telling -------------------------------------------------------------------------------------------------

    def _write_faults(self) -> Generator[Command, Result, None]:
        faults = self._context.faults
        while faults:
            yield faults.pop(0)

    def _take_note_of(self, result: Result) -> None:
        """Whether the last command has answered the call, and whether it took time."""
        if not isinstance(self._last, _INSTANT):
            self._redirects = 0
        is_joined = isinstance(result, Dialled) and result.status == "answered"
        if is_joined or (isinstance(self._last, Answer) and not isinstance(result, Failed)):
            self._context.answered = True

    def _show(self, name: str, option: Mapping[str, object]) -> None:
        self._counted += 1
        self._executed.append(
            {
                "id": str(uuid5(NAMESPACE_URL, f"{self._context.subject.id}/{self._counted}")),
                "type": name,
                "option": dict(option),
                "tm_execute": rfc3339(self._context.now),
            }
        )
        self._record = None

    def _note(self, command: Command) -> Command:
        self._last = command
        self._record = None
        return command
