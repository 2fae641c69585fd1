"""Whatever stands in a document and whatever comes of its commands, a program ends and raises nothing."""

from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from dialplane.domain.programs.commands import (
    CallOver,
    Command,
    Dialled,
    Digits,
    Done,
    Failed,
    FetchDocument,
    Fetched,
    Finish,
    Gather,
    Hangup,
    LeaveQueue,
    Medium,
    Recorded,
    Result,
)
from dialplane.domain.programs.sources import DocumentSource
from dialplane.domain.rcml.context import Role
from dialplane.domain.rcml.machine import MAX_DOCUMENTS, MAX_VERBS, RcmlProgram
from dialplane.domain.rcml.verbs import VERBS
from tests.domain.rcml.acting import NOW, TWILIO, URL, subject

NAMES = sorted({*VERBS, "Number", "Client", "Sip", "Conference", "Queue", "Stream", "Body", "Media", "Unknown"})
ATTRIBUTES = (
    "action", "method", "timeout", "numDigits", "finishOnKey", "loop", "voice", "language", "length", "url", "to",
    "from", "record", "waitUrl", "maxLength", "callerId", "statusCallback", "statusCallbackEvent", "input", "hints",
)  # fmt: skip
WORDS = ("", "1", "-1", "0", "99999999999", "x", "GET", "speech", "[::", "//h:x/", "?a=b&amp;c", "\u00e9")
words = st.sampled_from(WORDS)


@st.composite
def elements(draw: st.DrawFn, depth: int = 3) -> str:
    name = draw(st.sampled_from(NAMES))
    attributes = draw(st.dictionaries(st.sampled_from(ATTRIBUTES), words, max_size=4))
    inner = draw(words)
    if depth:
        inner += "".join(draw(st.lists(elements(depth - 1), max_size=3)))
    shown = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f"<{name}{shown}>{inner}</{name}>"


bodies = st.one_of(
    st.text(max_size=300),
    st.lists(elements(), max_size=5).map(lambda verbs: f"<Response>{''.join(verbs)}</Response>"),
)
answers = st.one_of(
    st.builds(
        Fetched,
        st.sampled_from([200, 204, 301, 404, 500]),
        bodies,
        st.sampled_from(["text/xml", "text/plain", "audio/wav", "", "application/json", "text/html; charset=x"]),
        st.sampled_from(["", URL, "http://[::"]),
    ),
    st.just(Failed("no answer")),
)
results = st.sampled_from(
    [
        Done(),
        Failed("no"),
        Digits("12#", "key"),
        Recorded(None, 0, "hangup"),
        Dialled("busy"),
        CallOver(),
        CallOver(Dialled("answered")),
    ]
)


def drive(program: RcmlProgram, documents: list[Result], given: list[Result]) -> Iterator[Command]:
    """Documents and results are given round and round: the program's own limits have to end it."""
    pages, outcomes = 0, 0
    command = program.start(NOW)
    while not isinstance(command, Finish | Hangup | LeaveQueue):
        yield command
        if isinstance(command, FetchDocument):
            reply = documents[pages % len(documents)]
            pages += 1
        else:
            reply = given[outcomes % len(given)] if not isinstance(command, Gather) else Digits("1", "length")
            outcomes += 1
        command = program.resume(reply, NOW)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(answers, min_size=1, max_size=4),
    st.lists(results, min_size=1, max_size=6),
    st.sampled_from(["2012-04-24", TWILIO]),
    st.sampled_from([Medium.CALL, Medium.MESSAGE]),
    st.sampled_from(list(Role)),
    st.booleans(),
)
def test_any_document_gives_commands_and_an_end(
    documents: list[Result], given: list[Result], version: str, medium: Medium, role: Role, falls_back: bool
) -> None:
    source = DocumentSource(URL, fallback_url="https://fallback.example/" if falls_back else "")
    program = RcmlProgram(source, subject(version), medium=medium, role=role, answered=role is not Role.CALL)

    asked = 0
    for number, command in enumerate(drive(program, documents, given)):
        asked += isinstance(command, FetchDocument)
        assert number < 20 * (MAX_VERBS + MAX_DOCUMENTS)

    assert asked <= 2 * MAX_DOCUMENTS
    assert program.record().ended
