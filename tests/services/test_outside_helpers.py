"""What runs leave behind beside calls and messages: e-mails, cases, an assistant's words; and blocks that wait."""

import asyncio
import socketserver
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from dialplane.adapters.assistants.chat import ChatAssistant
from dialplane.adapters.http.guarded import GuardedClient
from dialplane.adapters.mail.smtp import SmtpMailer
from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.addresses import Address, tel
from dialplane.domain.calling.calls import Direction
from dialplane.domain.errors import Conflict, Invalid, Unavailable
from dialplane.domain.flows.run import ReferenceType, Run, RunStatus
from dialplane.domain.ids import AccountId, RunId, new_id, utc_now
from dialplane.domain.messaging.emails import Email, EmailStatus
from dialplane.domain.programs.ais import Ai, Speaker, Transition
from dialplane.domain.programs.assistants import Turn
from dialplane.domain.programs.commands import MessageQueued, SendMessage
from dialplane.services.messaging.cases import close_case, get_case
from dialplane.services.messaging.emails import (
    OUTBOX,
    EmailRequest,
    Post,
    delete_email,
    get_email,
    list_emails,
    send_email,
    try_again,
)
from dialplane.services.messaging.messages import list_messages
from dialplane.services.programs.api_runs import ApiRuns, RunWish
from dialplane.services.programs.assistants import BUILT_IN
from dialplane.services.programs.outside import RunOutside
from dialplane.services.programs.runs import continue_run
from tests.effort import PATIENCE_S
from tests.fakes.numbers import add_number
from tests.fakes.receiver import Receiver
from tests.services.buying import buyer

ANN = Address("email", "ann@example.test")
OWN, PEER = "+12025550100", "+12125550187"


@pytest.fixture
async def account_id(database: PostgresDatabase) -> AccountId:
    return await buyer(database)


async def drive(database: PostgresDatabase, account_id: AccountId, *actions: dict[str, Any]) -> Run:
    """A run without a call, to its end."""
    async with GuardedClient() as web:
        async with asyncio.TaskGroup() as group:
            outside = RunOutside(database, web, utc_now, lambda work: None)
            runs = ApiRuns(database, outside, group, utc_now)
            started = await runs.start(account_id, RunWish(actions=list(actions)))
        async with database.reading() as tx:
            run = await tx.runs.find(account_id, started.id)
    assert run is not None
    return run


async def test_email_of_a_flow_lies_in_the_outbox_and_both_say_so(
    database: PostgresDatabase, account_id: AccountId
) -> None:
    option = {"destinations": [{"type": "email", "target": "ann@example.test"}], "subject": "Hi", "content": "There"}
    run = await drive(database, account_id, {"type": "email_send", "option": option})

    (email,) = await list_emails(database, account_id, before=None, limit=10)
    assert (email.destinations, email.subject, email.content) == ((ANN,), "Hi", "There")
    assert (email.status, email.run_id) == (EmailStatus.INITIATED, run.id)
    assert "outbox" in email.note
    assert run.executed_actions[0]["warning"] == email.note


@pytest.mark.parametrize(("direction", "ours"), [(Direction.INCOMING, "destination"), (Direction.OUTGOING, "source")])
async def test_message_of_a_call_that_names_no_sender_comes_from_our_end_of_it(
    database: PostgresDatabase, account_id: AccountId, direction: Direction, ours: str
) -> None:
    """Who called, or was called, is no number of the account (FRD-8)."""
    await add_number(database, account_id, OWN, utc_now())
    parties = {"source": PEER, "destination": PEER, ours: OWN}
    facts = {f"voipbin.call.{end}.target": number for end, number in parties.items()}
    variables = {"voipbin.call.direction": direction.value, **facts}
    run = Run(
        RunId(new_id(utc_now())), account_id, RunStatus.RUNNING, ReferenceType.CALL, utc_now(), variables=variables
    )

    async with GuardedClient() as web:
        outside = RunOutside(database, web, utc_now, lambda work: None)
        sent = await outside.carry_out(run, SendMessage(None, (tel(PEER),), "hi"))

    assert isinstance(sent, MessageQueued)
    (message,) = await list_messages(database, account_id, before=None, limit=10)
    assert message.source.target == OWN


async def test_case_of_a_flow_is_kept_and_can_be_closed_once(database: PostgresDatabase, account_id: AccountId) -> None:
    run = await drive(database, account_id, {"type": "case_create", "option": {"name": "n", "note": "o"}})

    case = await get_case(database, account_id, UUID(run.variables["contact_case_id"]))
    assert (case.name, case.note, case.run_id, case.status) == ("n", "o", run.id, "open")
    closed = await asyncio.gather(
        *(close_case(database, account_id, case.id, utc_now()) for _ in range(5)), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in closed) == ["Conflict"] * 4 + ["ContactCase"]
    assert {each.reason for each in closed if isinstance(each, Conflict)} == {"CASE_CLOSED"}


async def test_assistant_without_an_account_answers_and_says_that_it_is_ours(
    database: PostgresDatabase, account_id: AccountId
) -> None:
    run = await drive(database, account_id, {"type": "ai_task"})

    assert run.variables["voipbin.aicall.text"] == "Hello. How can I help you?"
    assert "simple rules" in str(run.executed_actions[0]["warning"])


async def let_go_on_again_and_again(database: PostgresDatabase, account_id: AccountId, run_id: RunId) -> None:
    """What comes before the run waits lets nothing go on."""
    while True:
        await continue_run(database, account_id, run_id, utc_now())
        await asyncio.sleep(0.05)


async def test_blocked_run_goes_on_when_somebody_lets_it(database: PostgresDatabase, account_id: AccountId) -> None:
    actions: list[dict[str, Any]] = [
        {"type": "block"},
        {"type": "variable_set", "option": {"key": "passed", "value": "yes"}},
    ]
    async with GuardedClient() as web, asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        runs = ApiRuns(database, RunOutside(database, web, utc_now, lambda work: None), group, utc_now)
        started = await runs.start(account_id, RunWish(actions=actions))
        with pytest.raises(Conflict, match="has ended already"):
            await let_go_on_again_and_again(database, account_id, started.id)

    async with database.reading() as tx:
        run = await tx.runs.find(account_id, RunId(started.id))
    assert run is not None
    assert (run.status, run.variables["passed"]) == (RunStatus.ENDED, "yes")


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (EmailRequest((), "s", "c"), "destinations"),
        (EmailRequest((Address("tel", "+15550100002"),), "s", "c"), "destinations"),
        (EmailRequest((Address("email", "a@b\r\nBcc: c@d"),), "s", "c"), "destinations"),
        (EmailRequest((ANN,), "two\nlines", "c"), "subject"),
        (EmailRequest((ANN,), "s", "x" * 70_000), "content"),
        (EmailRequest((ANN,), "s", "c", sender="a@b\nX: y"), "from"),
    ],
)
async def test_email_that_cannot_be_is_refused_and_nothing_is_kept(
    database: PostgresDatabase, account_id: AccountId, request_: EmailRequest, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await send_email(database, OUTBOX, account_id, request_, utc_now())

    assert refused.value.field == field
    assert list(await list_emails(database, account_id, before=None, limit=10)) == []


# --- the adapters ----------------------------------------------------------------------------------------------------


class MailServer(socketserver.StreamRequestHandler):
    """As much of RFC 5321 as one delivery takes; refuses receivers at `refused.test`."""

    def handle(self) -> None:
        kept: list[bytes] = self.server.kept  # type: ignore[attr-defined]  # set by the fixture
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                while (text := self.rfile.readline()) != b".\r\n":
                    kept.append(text)
                self.wfile.write(b"250 taken\r\n")
            elif verb == b"RCPT" and b"refused.test" in line:
                self.wfile.write(b"550 nobody here\r\n")
            elif verb == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 well\r\n")


@pytest.fixture
def mail_server() -> Iterator[Any]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), MailServer) as server:
        server.kept = []  # type: ignore[attr-defined]  # what was delivered
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


async def test_email_goes_to_the_mail_server(
    database: PostgresDatabase, account_id: AccountId, mail_server: Any, tmp_path: Path
) -> None:
    host, port = mail_server.server_address
    post = Post(SmtpMailer.parse(f"smtp://{host}:{port}", sender="us@example.test"), tmp_path)

    sent = await send_email(database, post, account_id, EmailRequest((ANN,), "Grüße", "Hallo"), utc_now())
    refused = await send_email(
        database, post, account_id, EmailRequest((Address("email", "x@refused.test"),), "s", "c"), utc_now()
    )

    text = b"".join(mail_server.kept)
    assert (sent.status, sent.note) == (EmailStatus.PROCESSED, "")
    assert b"From: us@example.test\r\nTo: ann@example.test\r\n" in text
    assert refused.status is EmailStatus.DROPPED
    assert "nobody here" in refused.note


AWAY = Post(SmtpMailer.parse("smtp://127.0.0.1:9", sender="us@example.test"))


async def test_email_that_the_mail_server_did_not_take_is_tried_again_after_longer_and_longer_pauses(
    database: PostgresDatabase, account_id: AccountId, mail_server: Any
) -> None:
    began = utc_now()
    host, port = mail_server.server_address
    back = Post(SmtpMailer.parse(f"smtp://{host}:{port}", sender="us@example.test"))

    sent = await send_email(database, AWAY, account_id, EmailRequest((ANN,), "s", "c"), began)
    tried = [
        await try_again(database, post, began + timedelta(seconds=seconds))
        for seconds, post in ((59, AWAY), (60, AWAY), (119, AWAY), (120, AWAY), (239, back), (240, back), (3600, back))
    ]

    assert sent.status is EmailStatus.DEFERRED
    assert tried == [0, 1, 0, 1, 0, 1, 0]
    assert (await get_email(database, account_id, sent.id)).status is EmailStatus.PROCESSED


async def test_email_that_nobody_takes_for_a_day_is_dropped(database: PostgresDatabase, account_id: AccountId) -> None:
    began = utc_now()
    sent = await send_email(database, AWAY, account_id, EmailRequest((ANN,), "s", "c"), began)

    assert await try_again(database, AWAY, began + timedelta(hours=25)) == 1

    dropped = await get_email(database, account_id, sent.id)
    assert (dropped.status, bool(dropped.note)) == (EmailStatus.DROPPED, True)


@dataclass(frozen=True)
class MeanwhileDeleted:
    """A mail server that takes an e-mail while its owner deletes it."""

    database: PostgresDatabase

    async def send(self, email: Email, files: Sequence[tuple[str, Path]]) -> None:
        await delete_email(self.database, email.account_id, email.id, utc_now())


async def test_email_that_is_deleted_while_it_is_sent_stays_deleted(
    database: PostgresDatabase, account_id: AccountId
) -> None:
    post = Post(MeanwhileDeleted(database))

    await send_email(database, post, account_id, EmailRequest((ANN,), "s", "c"), utc_now())

    assert await list_emails(database, account_id, before=None, limit=10) == []


async def test_assistant_behind_a_chat_endpoint_is_asked_with_the_whole_talk() -> None:
    async with Receiver.listening() as server:
        server.body = b'{"model": "m-1", "choices": [{"message": {"content": "Bye now. [END]"}}]}'
        assistant = ChatAssistant(f"http://{server.url().split('/')[2]}/v1", key="secret", model="m")

        answer = await assistant.answer([Turn("assistant", "Hi"), Turn("user", "Bye")], speaker=None)

    (asked,) = server.requests
    assert (asked.path, asked.headers["Authorization"]) == ("/v1/chat/completions", "Bearer secret")
    assert [message["role"] for message in asked.json()["messages"]] == ["system", "assistant", "user"]  # type: ignore[attr-defined]  # JSON
    assert (answer.text, answer.model, answer.is_over) == ("Bye now.", "m-1", True)


async def test_assistant_of_an_account_is_asked_with_its_prompt_and_model_and_hands_over() -> None:
    """VoIPBIN reference 6.10: prompt, model, named hand-overs."""
    ai = Ai(new_id(utc_now()), AccountId(new_id(utc_now())), "desk", utc_now(), "", "openai.gpt-4o", "You sell tea.")
    speaker = Speaker(ai, None, (Transition("support", new_id(utc_now()), "It is broken"),))
    async with Receiver.listening() as server:
        server.body = b'{"choices": [{"message": {"content": "[HAND OVER support]"}}]}'

        answer = await ChatAssistant(server.url(), key="", model="m").answer([Turn("user", "Help")], speaker=speaker)

    (asked,) = [each.json() for each in server.requests]
    instruction: Any = asked["messages"]
    assert (asked["model"], asked["user"]) == ("gpt-4o", str(ai.id))
    assert "You sell tea." in instruction[0]["content"]
    assert "It is broken" in instruction[0]["content"]
    assert (answer.text, answer.hand_over, answer.model) == ("", "support", "gpt-4o")


@pytest.mark.parametrize("body", [b"", b"{}", b'{"choices": []}', b"no json"])
async def test_assistant_that_answers_nonsense_is_unavailable(body: bytes) -> None:
    async with Receiver.listening() as server:
        server.body = body
        with pytest.raises(Unavailable):
            await ChatAssistant(server.url(), key="", model="m").answer([], speaker=None)


@pytest.mark.parametrize(
    ("said", "answered", "is_over"),
    [
        ("Hello there", "Hello. How can I help you?", False),
        ("the blue one", "You said: the blue one", False),
        ("an agent, please", "I will pass you on to a person.", True),
        ("Goodbye", "Goodbye.", True),
    ],
)
async def test_built_in_assistant_answers_by_rules(said: str, answered: str, is_over: bool) -> None:
    answer = await BUILT_IN.answer([Turn("assistant", "Hello."), Turn("user", said)], speaker=None)

    assert (answer.text, answer.is_over) == (answered, is_over)


async def test_built_in_summary_keeps_both_ends() -> None:
    answer = await BUILT_IN.summarize("\n".join(f"line {n}" for n in range(10)), language="")

    assert answer.text == "line 0; line 1; line 2; (4 more); line 7; line 8; line 9"
