"""What any run may do beyond the store, with or without a call: send messages, ask servers, start calls."""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from dialplane.domain.addresses import Address
from dialplane.domain.calling.call_manners import CallManner
from dialplane.domain.calling.calls import Direction
from dialplane.domain.errors import Refusal
from dialplane.domain.flows.run import ReferenceType, Run
from dialplane.domain.ids import CallId, ConversationId
from dialplane.domain.messaging.messages import Origin
from dialplane.domain.programs.aicalls import AicallStatus
from dialplane.domain.programs.commands import (
    Block,
    CallsStarted,
    CaseOpened,
    Command,
    Converse,
    Conversed,
    Done,
    EmailKept,
    Failed,
    FetchDocument,
    Fetched,
    LoadFlow,
    MessageQueued,
    OpenCase,
    Result,
    SendEmail,
    SendMessage,
    SendToConversation,
    SendWebhook,
    StartCalls,
    TranscribeRecording,
    TranscriptionStarted,
    WriteNotification,
)
from dialplane.domain.programs.sources import API_VERSION, RESTCOMM_VERSION
from dialplane.services.calling.outgoing import CallRequest, create_calls
from dialplane.services.messaging.cases import open_case
from dialplane.services.messaging.client_messages import send_to_anybody
from dialplane.services.messaging.conversations import post_to_conversation
from dialplane.services.messaging.emails import OUTBOX, EmailRequest, Post, send_email
from dialplane.services.messaging.messages import message_request
from dialplane.services.messaging.sent_messages import wait_until_sent
from dialplane.services.messaging.webchat import answer_in_session
from dialplane.services.programs.aicalls import end_talk, keep_turn, open_talk, past_turns
from dialplane.services.programs.assistants import BUILT_IN, Assistants, converse
from dialplane.services.programs.flows import load_flow
from dialplane.services.programs.notifications import write_notification
from dialplane.services.programs.runs import wait_for_go_on
from dialplane.services.programs.summaries import keep_summary
from dialplane.services.recording.transcription_life import order_recording_transcription
from dialplane.services.transaction import Database

MAX_REDIRECTS = 5
DOCUMENT_ATTEMPTS = 2
"""A server may close a kept connection just as it is used again: no reason to lose a call."""


class Web(Protocol):
    """Port: the guarded client (SSRF-1)."""

    async def fetch(
        self,
        url: str,
        method: str = "POST",
        body: str = "",
        content_type: str = "application/json",
        *,
        form: Sequence[tuple[str, str]] = (),
        token: str = "",
        redirects: int = 0,
        attempts: int = 1,
        timeout_s: float = 15.0,
    ) -> Fetched | Failed:
        """Within the budget of WH-5: 15 s and 64 KiB. Any HTTP status is `Fetched`.

        `form` goes into the query of a GET, else into the body; `token` signs as Twilio does; so many `redirects` are
        followed, with the same method and parameters. A broken connection is made anew until `attempts` are used up.
        """
        ...


@dataclass(frozen=True, slots=True)
class RunOutside:
    """Fulfils `api_runs.Outside`; the call runtime and the message runtime use the same one."""

    database: Database
    web: Web
    now: Callable[[], datetime]
    spawn: Callable[[Coroutine[Any, Any, object]], None]
    """Let a coroutine go on in a task of the process."""
    assistants: Assistants = BUILT_IN
    post: Post = OUTBOX
    here: str = ""
    """Where clients reach the HTTP server: a document that is named by its path alone is there."""

    async def carry_out(self, run: Run, command: Command) -> Result:
        try:
            match command:
                case SendMessage():
                    return await self._send_message(run, command)
                case FetchDocument():
                    return await self._fetch(run, command)
                case SendWebhook():
                    return await self._send_webhook(run, command)
                case WriteNotification():
                    return await self._note(run, command)
                case LoadFlow(flow_id):
                    return await load_flow(self.database, run.account_id, flow_id)
                case Block():
                    await wait_for_go_on(self.database, run, self.now())
                    return Done()
                case StartCalls():
                    return await self._start_calls(run, command)
                case TranscribeRecording():
                    made = await order_recording_transcription(
                        self.database, run.account_id, run.id, command, self.now()
                    )
                    return TranscriptionStarted(made.id)
                case SendToConversation(conversation_id, text, wait):
                    return await self._reply(run, conversation_id, text, wait=wait)
                case SendEmail():
                    return await self._send_email(run, command)
                case OpenCase():
                    case_ = await open_case(self.database, run, command, self.now())
                    return CaseOpened(case_.id)
                case Converse(kind="end", conversation_id=UUID() as talk_id):
                    await end_talk(self.database, run.account_id, talk_id, self.now())
                    return Done()
                case Converse():
                    return await self._converse(run, command)
                case _:
                    return Failed(f"{type(command).__name__} needs a call")
        except Refusal as refusal:
            return Failed(refusal.message, refusal.field)

    async def _send_message(self, run: Run, command: SendMessage) -> MessageQueued | Failed:
        sender = command.source or Address("tel", own_number(run))
        origin: Origin = "call" if run.reference_type is ReferenceType.CALL else ""
        request = message_request(command, sender, run.id, origin=origin)
        message = await send_to_anybody(self.database, run.account_id, request, self.now())
        if command.wait:
            return await wait_until_sent(self.database, run.account_id, message.id)
        return MessageQueued(message.id)

    async def _fetch(self, run: Run, command: FetchDocument) -> Result:
        return await self.web.fetch(
            f"{self.here}{command.url}" if command.url.startswith("/") else command.url,
            command.method,
            command.body,
            command.content_type,
            form=command.form,
            token=await self._token(run) if command.signed else "",
            redirects=MAX_REDIRECTS if command.signed else 0,
            attempts=DOCUMENT_ATTEMPTS if command.signed else 1,
            timeout_s=command.timeout_s,
        )

    async def _token(self, run: Run) -> str:
        """The account's secret of Twilio's signature."""
        async with self.database.reading() as tx:
            return (await tx.accounts.get(run.account_id)).auth_token

    async def _note(self, run: Run, command: WriteNotification) -> Done:
        is_call = run.reference_type is ReferenceType.CALL and run.reference_id is not None
        await write_notification(
            self.database,
            run.account_id,
            command,
            call_id=CallId(run.reference_id) if is_call and run.reference_id else None,
            api_version=run.variables.get(API_VERSION, RESTCOMM_VERSION),
            now=self.now(),
        )
        return Done()

    async def _send_webhook(self, run: Run, command: SendWebhook) -> Result:
        token = await self._token(run) if command.signed else ""
        sending = self.web.fetch(
            command.url, command.method, command.body, command.content_type, form=command.form, token=token
        )
        if command.wait:
            return await sending
        self.spawn(sending)
        return Done()

    async def _send_email(self, run: Run, command: SendEmail) -> EmailKept:
        request = EmailRequest(
            command.destinations, command.subject, command.content, command.recording_ids, command.sender, run.id
        )
        email = await send_email(self.database, self.post, run.account_id, request, self.now())
        return EmailKept(email.id, email.note)

    async def _converse(self, run: Run, command: Converse) -> Conversed:
        """Without a call, what the assistant says goes to the other party of the run's conversation."""
        if command.kind == "summary":
            made = await converse(self.database, self.assistants, run.account_id, command, self.now())
            await keep_summary(self.database, run, command, made, self.now())
            return made
        answer = await self._turn(run, command)
        if run.reference_type is ReferenceType.CONVERSATION and run.reference_id:
            await self._reply(run, run.reference_id, answer.text)
        return answer

    async def _reply(self, run: Run, to: UUID, text: str, *, wait: bool = False) -> Result:
        """Into a chat on a web page, or a conversation by messages."""
        if await answer_in_session(self.database, run.account_id, to, text, run.id, self.now()) is not None:
            return Done()
        posted = await post_to_conversation(
            self.database, run.account_id, ConversationId(to), text=text, run_id=run.id, now=self.now()
        )
        return await wait_until_sent(self.database, run.account_id, posted.message.id) if wait else Done()

    async def _turn(self, run: Run, command: Converse) -> Conversed:
        """One turn of a talk, which is kept."""
        talk = await open_talk(self.database, run, command, self.now())
        if talk.status is AicallStatus.PAUSING:
            return Conversed(talk.id, "", talk.engine_model)
        if talk.status in (AicallStatus.TERMINATING, AicallStatus.TERMINATED):
            await end_talk(self.database, run.account_id, talk.id, self.now())
            return Conversed(talk.id, "", talk.engine_model, is_over=True)
        if command.conversation_id is not None:  # what came in beside, by the API, was said in it too
            past = await past_turns(self.database, talk)
            command = replace(command, turns=(*past, *command.turns[-1:]))
        try:
            answer = await converse(self.database, self.assistants, run.account_id, command, self.now())
        except Refusal:
            await end_talk(self.database, run.account_id, talk.id, self.now())
            raise
        await keep_turn(self.database, talk, command, answer, self.now())
        return replace(answer, conversation_id=talk.id)

    async def _start_calls(self, run: Run, command: StartCalls) -> CallsStarted:
        request = CallRequest(
            source=command.source,
            destinations=command.destinations,
            flow_id=command.flow_id,
            actions=list(command.actions) or None,
            anonymous=command.anonymous,
            master_call_id=CallId(run.reference_id) if command.chained and run.reference_id else None,
            fallback_source=own_number(run),
            manner=CallManner(early_execution=command.early_execution),
        )
        created = await create_calls(self.database, run.account_id, request, self.now())
        return CallsStarted(tuple(call.id for call in created.calls))


def own_number(run: Run) -> str:
    """The number that the run belongs to: that was texted, was called, or calls; "" where it belongs to none."""
    ours = "source" if run.variables.get("voipbin.call.direction") == Direction.OUTGOING else "destination"
    told = ("voipbin.conversation.self.target", f"voipbin.call.{ours}.target")
    return next((run.variables[name] for name in told if run.variables.get(name)), "")
