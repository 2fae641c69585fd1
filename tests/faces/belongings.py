"""Something of each kind that an account can have, to see whether another account is told of it (API-6)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from dialplane.domain.addresses import tel
from dialplane.domain.calling.groupcalls import AnswerMethod, Groupcall, GroupcallStatus, RingMethod
from dialplane.domain.calling.speakings import Speaking
from dialplane.domain.campaigns.campaigns import Campaigncall, CampaigncallStatus
from dialplane.domain.campaigns.outdials import OutdialTarget
from dialplane.domain.flows.run import ReferenceType, Run, RunStatus
from dialplane.domain.identity.portal import Link, LinkPurpose
from dialplane.domain.ids import (
    AccountId,
    CallId,
    ConferencecallId,
    ConferenceId,
    QueuecallId,
    QueueId,
    RunId,
    TranscriptionId,
    new_id,
    utc_now,
)
from dialplane.domain.messaging.cases import ContactCase
from dialplane.domain.messaging.conversation_accounts import ConversationAccount, Network
from dialplane.domain.programs.aicalls import Aicall, Aimessage
from dialplane.domain.programs.reviews import Review, ReviewKind
from dialplane.domain.programs.summaries import AiSummary
from dialplane.domain.recording.transcriptions import TranscribedThing, Transcription, TranscriptionStatus
from dialplane.domain.rooms.conferences import Participant, ParticipantStatus
from dialplane.domain.rooms.queues import Queuecall, QueuecallStatus
from dialplane.domain.stored_files import StoredFile
from dialplane.services.messaging.inbound_messages import InboundMessage, receive_message
from dialplane.services.numbering.port_outs import request_port_out, set_port_out_pin
from dialplane.services.programs.reviews import REFERENCES
from dialplane.services.programs.runs import create_runs
from dialplane.services.transaction import Database
from tests.faces.conftest import Client, stock
from tests.faces.recorded import called, recorded

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
NUMBER = "+14155550124"
PIN = "482913"
EMAIL = {"destinations": [{"type": "email", "target": "ann@example.org"}], "subject": "s", "content": "c"}


async def own_ids(owner: Client, database: Database, account_id: AccountId) -> dict[str, str]:
    """An id of each, by the name of the path parameter that takes it."""
    await stock(database, "+14155550100", NUMBER)
    ids = await _made_by_api(owner)
    await owner.ask("POST", "/v1.0/number_jobs", {"kind": "tag", "filter": {}, "add_tags": ["a"]})
    await receive_message(database, InboundMessage("+12025550199", NUMBER, "hi"), NOW)
    await set_port_out_pin(database, account_id, PIN, NOW)
    port_out = await request_port_out(database, NUMBER, PIN, "Other Telecom", NOW)
    listed = {
        "agent_id": "agents",
        "billing_id": "billings",
        "contact_address_id": "contact_addresses",
        "conversation_id": "conversations",
        "delivery_id": "webhook_deliveries",
        "job_id": "number_jobs",
        "message_id": "messages",
        "order_id": "orders",
        "person_id": "members",
    }
    for name, path in listed.items():
        ids[name] = (await owner.ask("GET", f"/v1.0/{path}")).json["result"][0]["id"]
    return ids | {"port_out_id": str(port_out.id)} | await _Stored(database, account_id, ids).made()


async def _made_by_api(owner: Client) -> dict[str, str]:
    made = {
        "endpoint_id": await owner.ask("POST", "/v1.0/webhook_endpoints", {"url": "https://example.org/"}),
        "replay_id": await owner.ask("POST", "/v1.0/webhook_replays", {}),
        "trunk_id": await owner.ask(
            "POST",
            "/v1.0/trunks",
            {"domain_name": "belongs", "auth_types": ["ip"], "allowed_ips": ["203.0.113.7"]},
        ),
        "smpp_account_id": await owner.ask("POST", "/v1.0/smpp_accounts", {"name": "gateway"}),
        "extension_id": await owner.ask("POST", "/v1.0/extensions", {"extension": "100", "password": "p"}),
        "flow_id": await owner.ask("POST", "/v1.0/flows", {"name": "menu", "actions": [{"type": "answer"}]}),
        "accesskey_id": await owner.ask("POST", "/v1.0/accesskeys", {"name": "k"}),
        "number_id": await owner.ask("POST", "/v1.0/numbers", {"number": NUMBER}),
        "document_id": await owner.ask("POST", "/v1.0/documents", {"kind": "identity", "content": "JVBERi0xLjc="}),
        "port_id": await owner.ask("POST", "/v1.0/ports", {"numbers": ["+14155550123"]}),
        "conference_id": await owner.ask("POST", "/v1.0/conferences", {"name": "team"}),
        "queue_id": await owner.ask("POST", "/v1.0/queues", {"name": "desk"}),
        "tag_id": await owner.ask("POST", "/v1.0/tags", {"name": "sales"}),
        "reservation_id": await owner.ask("POST", "/v1.0/reservations", {"number": "+14155550100"}),
        "pattern_id": await owner.ask("POST", "/v1.0/number_patterns", {"pattern": "16.*"}),
        "outplan_id": await owner.ask("POST", "/v1.0/outplans", {"name": "p"}),
        "outdial_id": await owner.ask("POST", "/v1.0/outdials", {"name": "o"}),
        "campaign_id": await owner.ask("POST", "/v1.0/campaigns", {"name": "c"}),
        "schedule_id": await owner.ask("POST", "/v1.0/schedules", {"name": "office", "hours": {}}),
        "ai_id": await owner.ask("POST", "/v1.0/ais", {"name": "desk"}),
        "email_id": await owner.ask("POST", "/v1.0/emails", EMAIL),
        "contact_id": await owner.ask(
            "POST", "/v1.0/contacts", {"company": "Acme", "addresses": [{"target": "+12025550199"}]}
        ),
        "widget_id": await owner.ask("POST", "/v1.0/webchat_widgets", {"name": "shop"}),
        "rag_id": await owner.ask("POST", "/v1.0/rags", {"name": "guide"}),
        "pool_id": await owner.ask("POST", "/v1.0/sender_pools", {"name": "all", "numbers": []}),
    }
    made["team_id"] = await owner.ask("POST", "/v1.0/teams", _team_of(made["ai_id"].json["id"]))
    made["session_id"] = await owner.ask("POST", "/v1.0/webchat_sessions", {"widget_id": made["widget_id"].json["id"]})
    made["webchat_message_id"] = await owner.ask(
        "POST", "/v1.0/webchat_messages", {"session_id": made["session_id"].json["id"], "text": "hi"}
    )
    assert {name: answer.json for name, answer in made.items() if answer.status not in (200, 201)} == {}
    return {name: answer.json["id"] for name, answer in made.items()}


def _team_of(ai_id: str) -> dict[str, object]:
    member = {"id": ai_id, "ai_id": ai_id}
    return {"name": "house", "start_member_id": ai_id, "members": [member]}


@dataclass(frozen=True)
class _Stored:
    """What only live calls make is put into the store."""

    database: Database
    account_id: AccountId
    ids: dict[str, str]

    async def made(self) -> dict[str, str]:
        call = await called(self.database, self.account_id)
        recording = await recorded(self.database, call)
        group, stay, waiting = self._group(), self._stay(call.id), self._waiting(call.id)
        case = ContactCase(new_id(NOW), self.account_id, "case", "", "", NOW)
        speaking = Speaking(new_id(NOW), self.account_id, "call", call.id, "nobody", NOW)
        transcription = Transcription(
            TranscriptionId(new_id(NOW)), self.account_id, TranscribedThing.CALL, call.id, NOW,
            status=TranscriptionStatus.DONE,
        )  # fmt: skip
        run = Run(RunId(new_id(NOW)), self.account_id, RunStatus.ENDED, ReferenceType.API, NOW, ended_at=NOW)
        nobody = (tel("+12025550107"), None, None, None, None)
        target = OutdialTarget(new_id(NOW), self.account_id, UUID(self.ids["outdial_id"]), nobody, NOW, NOW)
        talk = Aicall(new_id(NOW), self.account_id, run.id, NOW).ended(NOW)
        summary = AiSummary(new_id(NOW), self.account_id, "call", call.id, "", "They talked.", NOW)
        invitation = Link(
            bytes(32), LinkPurpose.INVITE, "bob@example.org", None, utc_now() + timedelta(days=1), NOW,
            account_id=self.account_id, role="viewer",
        )  # fmt: skip
        file = StoredFile(new_id(NOW), self.account_id, "rag", "notes.txt", 5, NOW)
        network = ConversationAccount(new_id(NOW), self.account_id, Network.LINE, NOW)
        reviews = {kind: self._review(kind, talk.id) for kind in ReviewKind}
        async with self.database.transaction() as tx:
            await create_runs(tx, run)
            await tx.links.add(invitation)
            await tx.groupcalls.save(group)
            await tx.conferences.save_participants([stay])
            await tx.queues.save_calls([waiting])
            await tx.cases.save(case)
            await tx.speakings.save(speaking)
            await tx.transcriptions.save(transcription)
            await tx.aicalls.save_aicall(talk)
            await tx.summaries.add(summary)
            await tx.stored_files.add(file)
            await tx.reviews.save(*reviews.values())
            await tx.conversation_accounts.save(network)
            await tx.aicalls.add_aimessages([Aimessage(talk.id, self.account_id, talk.id, "user", "Hi", NOW)])
            await tx.campaigns.save_targets([target])
            await tx.campaigns.save_calls([self._try_of(target)])
        made = {
            "activeflow_id": run.id,
            "call_id": call.id,
            "recording_id": recording.id,
            "groupcall_id": group.id,
            "conferencecall_id": stay.id,
            "queuecall_id": waiting.id,
            "case_id": case.id,
            "speaking_id": speaking.id,
            "transcribe_id": transcription.id,
            "campaigncall_id": target.id,
            "aicall_id": talk.id,
            "aimessage_id": talk.id,
            "summary_id": summary.id,
            "file_id": file.id,
            "email": invitation.email,
            "conversation_account_id": network.id,
            "aiaudit_id": reviews[ReviewKind.AUDIT].id,
            "aipromptproposal_id": reviews[ReviewKind.PROPOSAL].id,
            "analysis_id": reviews[ReviewKind.ANALYSIS].id,
        }
        return {name: str(each) for name, each in made.items()}

    def _try_of(self, target: OutdialTarget) -> Campaigncall:
        """Its own id is the target's."""
        plan_id, campaign_id = UUID(self.ids["outplan_id"]), UUID(self.ids["campaign_id"])
        return Campaigncall(
            target.id, self.account_id, campaign_id, plan_id, target.outdial_id, target.id, "call", None,
            tel("+12025550107"), 0, 1, NOW, status=CampaigncallStatus.DONE, result="fail",
        )  # fmt: skip

    def _review(self, kind: ReviewKind, reference_id: UUID) -> Review:
        return Review(new_id(NOW), self.account_id, kind, REFERENCES[kind], reference_id, NOW)

    def _group(self) -> Groupcall:
        ringing, others = RingMethod.RING_ALL, AnswerMethod.HANGUP_OTHERS
        return Groupcall(new_id(NOW), self.account_id, GroupcallStatus.HANGUP, None, (), ringing, others, "nobody", NOW)

    def _stay(self, call_id: CallId) -> Participant:
        conference_id = ConferenceId(UUID(self.ids["conference_id"]))
        left = ParticipantStatus.LEAVED
        return Participant(
            ConferencecallId(new_id(NOW)), self.account_id, conference_id, call_id, "nobody", left, NOW, left_at=NOW
        )

    def _waiting(self, call_id: CallId) -> Queuecall:
        queue_id = QueueId(UUID(self.ids["queue_id"]))
        done = QueuecallStatus.DONE
        return Queuecall(
            QueuecallId(new_id(NOW)), self.account_id, queue_id, call_id, "nobody", done, NOW, ended_at=NOW
        )
