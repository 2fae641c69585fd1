"""The stores of every subject on one connection: what a transaction carries."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property
from typing import cast

import asyncpg

from dialplane.adapters.postgres.access_keys import PostgresAccessKeyStore
from dialplane.adapters.postgres.account_tree import PostgresAccountTreeStore
from dialplane.adapters.postgres.accounts import PostgresAccountStore
from dialplane.adapters.postgres.agents import PostgresAgentStore
from dialplane.adapters.postgres.aicalls import PostgresAicallStore
from dialplane.adapters.postgres.ais import PostgresAiStore
from dialplane.adapters.postgres.applications import PostgresApplicationStore
from dialplane.adapters.postgres.arrivals import PostgresArrivalStore
from dialplane.adapters.postgres.audit import PostgresAuditStore
from dialplane.adapters.postgres.called import PostgresCalledStore
from dialplane.adapters.postgres.caller_ids import PostgresCallerIdStore
from dialplane.adapters.postgres.caller_names import PostgresCallerNameStore
from dialplane.adapters.postgres.calls import PostgresCallStore
from dialplane.adapters.postgres.campaigns import PostgresCampaignStore
from dialplane.adapters.postgres.carriers import PostgresCarrierStore
from dialplane.adapters.postgres.conferences import PostgresConferenceStore
from dialplane.adapters.postgres.connection import Connection
from dialplane.adapters.postgres.consent import PostgresConsentStore
from dialplane.adapters.postgres.dialogs import PostgresDialogStore
from dialplane.adapters.postgres.direct_links import PostgresDirectLinkStore
from dialplane.adapters.postgres.directory import PostgresDirectoryStore
from dialplane.adapters.postgres.documents import PostgresDocumentStore
from dialplane.adapters.postgres.emails import PostgresCaseStore, PostgresEmailStore
from dialplane.adapters.postgres.events import PostgresEventStore
from dialplane.adapters.postgres.extensions import PostgresExtensionStore
from dialplane.adapters.postgres.flows import PostgresFlowStore
from dialplane.adapters.postgres.gates import PostgresGateStore
from dialplane.adapters.postgres.groupcalls import PostgresGroupcallStore
from dialplane.adapters.postgres.history import PostgresHistoryStore
from dialplane.adapters.postgres.idempotency import PostgresIdempotencyStore
from dialplane.adapters.postgres.imports import PostgresImportStore
from dialplane.adapters.postgres.interactions import PostgresInteractionStore
from dialplane.adapters.postgres.inventory import PostgresInventoryStore
from dialplane.adapters.postgres.kept_files import PostgresKeptFileStore
from dialplane.adapters.postgres.ledger import PostgresLedgerStore
from dialplane.adapters.postgres.message_media import PostgresMediaStore
from dialplane.adapters.postgres.messages import PostgresMessageStore
from dialplane.adapters.postgres.nodes import PostgresNodeStore
from dialplane.adapters.postgres.notifications import PostgresNotificationStore
from dialplane.adapters.postgres.number_jobs import PostgresNumberJobStore
from dialplane.adapters.postgres.numbers import PostgresNumberStore, raise_if_taken
from dialplane.adapters.postgres.orders import PostgresOrderStore
from dialplane.adapters.postgres.outbound_limits import PostgresOutboundLimitStore
from dialplane.adapters.postgres.passages import PostgresPassageStore
from dialplane.adapters.postgres.passkeys import PostgresPasskeyStore, PostgresRecoveryCodeStore
from dialplane.adapters.postgres.passports import PostgresPassportStore
from dialplane.adapters.postgres.patterns import PostgresPatternStore
from dialplane.adapters.postgres.pbx_trunks import PostgresPbxTrunkStore
from dialplane.adapters.postgres.people import PostgresLinkStore, PostgresPersonStore
from dialplane.adapters.postgres.plans import PostgresPlanStore
from dialplane.adapters.postgres.port_outs import PostgresPortOutStore
from dialplane.adapters.postgres.portal import PostgresPortalMailStore, PostgresSessionStore
from dialplane.adapters.postgres.porting import PostgresPortStore
from dialplane.adapters.postgres.providercalls import PostgresProviderCallStore
from dialplane.adapters.postgres.queues import PostgresQueueStore
from dialplane.adapters.postgres.rate_changes import PostgresRateChangeStore
from dialplane.adapters.postgres.rates import PostgresRateStore
from dialplane.adapters.postgres.recordings import PostgresRecordingStore
from dialplane.adapters.postgres.registrations import PostgresRegistrationStore
from dialplane.adapters.postgres.resources import PostgresResources
from dialplane.adapters.postgres.retention import PostgresRetentionStore
from dialplane.adapters.postgres.routes import PostgresRouteStore
from dialplane.adapters.postgres.runs import PostgresRunStore
from dialplane.adapters.postgres.schedules import PostgresScheduleStore
from dialplane.adapters.postgres.sealed_columns import SEALED
from dialplane.adapters.postgres.sender_pools import PostgresSenderPoolStore
from dialplane.adapters.postgres.settings import PostgresSettingStore
from dialplane.adapters.postgres.smpp import PostgresSmppStore
from dialplane.adapters.postgres.smpp_carriers import PostgresSmppCarrierStore
from dialplane.adapters.postgres.speakings import PostgresSpeakingStore
from dialplane.adapters.postgres.split_calls import PostgresSplitCallStore
from dialplane.adapters.postgres.stored_files import PostgresStoredFileStore
from dialplane.adapters.postgres.summaries import PostgresSummaryStore
from dialplane.adapters.postgres.tags import PostgresTagStore
from dialplane.adapters.postgres.timelines import PostgresTimelineStore
from dialplane.adapters.postgres.together import Recorder
from dialplane.adapters.postgres.traces import PostgresTraceStore
from dialplane.adapters.postgres.transcriptions import PostgresTranscriptionStore
from dialplane.adapters.postgres.transfers import PostgresTransferStore
from dialplane.adapters.postgres.trunk_states import PostgresTrunkStateStore
from dialplane.adapters.postgres.trunks import PostgresTrunkStore
from dialplane.adapters.postgres.trust import PostgresTrustStore
from dialplane.adapters.postgres.usage_records import PostgresUsageStore
from dialplane.adapters.postgres.watch import PostgresWatchStore
from dialplane.adapters.postgres.webhook_log import PostgresWebhookLogStore
from dialplane.adapters.postgres.webhooks import PostgresWebhookStore
from dialplane.adapters.secrets.sealing import Seal
from dialplane.domain.campaigns.outdials import Outdial
from dialplane.domain.campaigns.outplans import Outplan
from dialplane.domain.messaging.agent_chats import AgentChat, ChatMessage, ChatParticipant
from dialplane.domain.messaging.contacts import Contact, ContactAddress
from dialplane.domain.messaging.conversation_accounts import ConversationAccount
from dialplane.domain.messaging.webchat import WebchatMessage, WebchatSession, WebchatWidget
from dialplane.domain.programs.rags import Rag
from dialplane.domain.programs.reviews import Review


class PostgresTransaction:
    """The stores on one connection; each is made when first asked for."""

    def __init__(self, connection: Connection, seal: Seal) -> None:
        self.connection = connection
        self._seal = seal

    @cached_property
    def access_keys(self) -> PostgresAccessKeyStore:
        return PostgresAccessKeyStore(self.connection)

    @cached_property
    def account_tree(self) -> PostgresAccountTreeStore:
        return PostgresAccountTreeStore(self.connection, self._seal)

    @cached_property
    def accounts(self) -> PostgresAccountStore:
        return PostgresAccountStore(self.connection, self._seal)

    @cached_property
    def agent_chat_messages(self) -> PostgresResources[ChatMessage]:
        return PostgresResources(self.connection, "agent_chat_messages", ChatMessage)

    @cached_property
    def agent_chat_participants(self) -> PostgresResources[ChatParticipant]:
        return PostgresResources(self.connection, "agent_chat_participants", ChatParticipant)

    @cached_property
    def agent_chats(self) -> PostgresResources[AgentChat]:
        return PostgresResources(self.connection, "agent_chats", AgentChat)

    @cached_property
    def agents(self) -> PostgresAgentStore:
        return PostgresAgentStore(self.connection)

    @cached_property
    def applications(self) -> PostgresApplicationStore:
        return PostgresApplicationStore(self.connection)

    @cached_property
    def audit(self) -> PostgresAuditStore:
        return PostgresAuditStore(self.connection)

    @cached_property
    def passports(self) -> PostgresPassportStore:
        return PostgresPassportStore(self.connection)

    @cached_property
    def arrivals(self) -> PostgresArrivalStore:
        return PostgresArrivalStore(self.connection)

    @cached_property
    def caller_ids(self) -> PostgresCallerIdStore:
        return PostgresCallerIdStore(self.connection)

    @cached_property
    def caller_names(self) -> PostgresCallerNameStore:
        return PostgresCallerNameStore(self.connection)

    @cached_property
    def called(self) -> PostgresCalledStore:
        return PostgresCalledStore(self.connection, self._seal)

    @cached_property
    def calls(self) -> PostgresCallStore:
        return PostgresCallStore(self.connection)

    @cached_property
    def carriers(self) -> PostgresCarrierStore:
        return PostgresCarrierStore(self.connection, self._seal)

    @cached_property
    def conferences(self) -> PostgresConferenceStore:
        return PostgresConferenceStore(self.connection)

    @cached_property
    def directory(self) -> PostgresDirectoryStore:
        return PostgresDirectoryStore(self.connection)

    @cached_property
    def consent(self) -> PostgresConsentStore:
        return PostgresConsentStore(self.connection)

    @cached_property
    def dialogs(self) -> PostgresDialogStore:
        return PostgresDialogStore(self.connection)

    @cached_property
    def direct_links(self) -> PostgresDirectLinkStore:
        return PostgresDirectLinkStore(self.connection)

    @cached_property
    def documents(self) -> PostgresDocumentStore:
        return PostgresDocumentStore(self.connection)

    @cached_property
    def cases(self) -> PostgresCaseStore:
        return PostgresCaseStore(self.connection)

    @cached_property
    def emails(self) -> PostgresEmailStore:
        return PostgresEmailStore(self.connection)

    @cached_property
    def events(self) -> PostgresEventStore:
        return PostgresEventStore(self.connection)

    @cached_property
    def extensions(self) -> PostgresExtensionStore:
        return PostgresExtensionStore(self.connection, self._seal)

    @cached_property
    def flows(self) -> PostgresFlowStore:
        return PostgresFlowStore(self.connection)

    @cached_property
    def gates(self) -> PostgresGateStore:
        return PostgresGateStore(self.connection)

    @cached_property
    def history(self) -> PostgresHistoryStore:
        return PostgresHistoryStore(self.connection)

    @cached_property
    def idempotency(self) -> PostgresIdempotencyStore:
        return PostgresIdempotencyStore(self.connection)

    @cached_property
    def imports(self) -> PostgresImportStore:
        return PostgresImportStore(self.connection)

    @cached_property
    def inventory(self) -> PostgresInventoryStore:
        return PostgresInventoryStore(self.connection)

    @cached_property
    def ledger(self) -> PostgresLedgerStore:
        return PostgresLedgerStore(self.connection)

    @cached_property
    def links(self) -> PostgresLinkStore:
        return PostgresLinkStore(self.connection)

    @cached_property
    def media(self) -> PostgresMediaStore:
        return PostgresMediaStore(self.connection)

    @cached_property
    def messages(self) -> PostgresMessageStore:
        return PostgresMessageStore(self.connection)

    @cached_property
    def nodes(self) -> PostgresNodeStore:
        return PostgresNodeStore(self.connection)

    @cached_property
    def notifications(self) -> PostgresNotificationStore:
        return PostgresNotificationStore(self.connection)

    @cached_property
    def number_jobs(self) -> PostgresNumberJobStore:
        return PostgresNumberJobStore(self.connection)

    @cached_property
    def numbers(self) -> PostgresNumberStore:
        return PostgresNumberStore(self.connection)

    @cached_property
    def orders(self) -> PostgresOrderStore:
        return PostgresOrderStore(self.connection)

    @cached_property
    def outbound_limits(self) -> PostgresOutboundLimitStore:
        return PostgresOutboundLimitStore(self.connection)

    @cached_property
    def passkeys(self) -> PostgresPasskeyStore:
        return PostgresPasskeyStore(self.connection)

    @cached_property
    def patterns(self) -> PostgresPatternStore:
        return PostgresPatternStore(self.connection)

    @cached_property
    def pbx_trunks(self) -> PostgresPbxTrunkStore:
        return PostgresPbxTrunkStore(self.connection, self._seal)

    @cached_property
    def people(self) -> PostgresPersonStore:
        return PostgresPersonStore(self.connection, self._seal)

    @cached_property
    def plans(self) -> PostgresPlanStore:
        return PostgresPlanStore(self.connection)

    @cached_property
    def portal_mails(self) -> PostgresPortalMailStore:
        return PostgresPortalMailStore(self.connection, self._seal)

    @cached_property
    def port_outs(self) -> PostgresPortOutStore:
        return PostgresPortOutStore(self.connection)

    @cached_property
    def ports(self) -> PostgresPortStore:
        return PostgresPortStore(self.connection)

    @cached_property
    def queues(self) -> PostgresQueueStore:
        return PostgresQueueStore(self.connection)

    @cached_property
    def rate_changes(self) -> PostgresRateChangeStore:
        return PostgresRateChangeStore(self.connection)

    @cached_property
    def retention(self) -> PostgresRetentionStore:
        return PostgresRetentionStore(self.connection)

    @cached_property
    def routes(self) -> PostgresRouteStore:
        return PostgresRouteStore(self.connection, self._seal)

    @cached_property
    def rates(self) -> PostgresRateStore:
        return PostgresRateStore(self.connection)

    @cached_property
    def recordings(self) -> PostgresRecordingStore:
        return PostgresRecordingStore(self.connection)

    @cached_property
    def recovery_codes(self) -> PostgresRecoveryCodeStore:
        return PostgresRecoveryCodeStore(self.connection)

    @cached_property
    def registrations(self) -> PostgresRegistrationStore:
        return PostgresRegistrationStore(self.connection, self._seal)

    @cached_property
    def runs(self) -> PostgresRunStore:
        return PostgresRunStore(self.connection)

    @cached_property
    def sessions(self) -> PostgresSessionStore:
        return PostgresSessionStore(self.connection, self._seal)

    @cached_property
    def sender_pools(self) -> PostgresSenderPoolStore:
        return PostgresSenderPoolStore(self.connection)

    @cached_property
    def schedules(self) -> PostgresScheduleStore:
        return PostgresScheduleStore(self.connection)

    @cached_property
    def settings(self) -> PostgresSettingStore:
        return PostgresSettingStore(self.connection)

    @cached_property
    def smpp(self) -> PostgresSmppStore:
        return PostgresSmppStore(self.connection)

    @cached_property
    def smpp_carriers(self) -> PostgresSmppCarrierStore:
        return PostgresSmppCarrierStore(self.connection, self._seal)

    @cached_property
    def timelines(self) -> PostgresTimelineStore:
        return PostgresTimelineStore(self.connection)

    @cached_property
    def traces(self) -> PostgresTraceStore:
        return PostgresTraceStore(self.connection)

    @cached_property
    def groupcalls(self) -> PostgresGroupcallStore:
        return PostgresGroupcallStore(self.connection)

    @cached_property
    def speakings(self) -> PostgresSpeakingStore:
        return PostgresSpeakingStore(self.connection)

    @cached_property
    def split_calls(self) -> PostgresSplitCallStore:
        return PostgresSplitCallStore(self.connection)

    @cached_property
    def ais(self) -> PostgresAiStore:
        return PostgresAiStore(self.connection)

    @cached_property
    def aicalls(self) -> PostgresAicallStore:
        return PostgresAicallStore(self.connection)

    @cached_property
    def campaigns(self) -> PostgresCampaignStore:
        return PostgresCampaignStore(self.connection)

    @cached_property
    def tags(self) -> PostgresTagStore:
        return PostgresTagStore(self.connection)

    @cached_property
    def transfers(self) -> PostgresTransferStore:
        return PostgresTransferStore(self.connection)

    @cached_property
    def transcriptions(self) -> PostgresTranscriptionStore:
        return PostgresTranscriptionStore(self.connection)

    @cached_property
    def provider_calls(self) -> PostgresProviderCallStore:
        return PostgresProviderCallStore(self.connection)

    @cached_property
    def stored_files(self) -> PostgresStoredFileStore:
        return PostgresStoredFileStore(self.connection)

    @cached_property
    def conversation_accounts(self) -> PostgresResources[ConversationAccount]:
        sealed = SEALED["conversation_accounts"]
        return PostgresResources(
            self.connection, "conversation_accounts", ConversationAccount, seal=self._seal, sealed=sealed
        )

    @cached_property
    def contacts(self) -> PostgresResources[Contact]:
        return PostgresResources(self.connection, "contacts", Contact)

    @cached_property
    def contact_addresses(self) -> PostgresResources[ContactAddress]:
        return PostgresResources(self.connection, "contact_addresses", ContactAddress)

    @cached_property
    def interactions(self) -> PostgresInteractionStore:
        return PostgresInteractionStore(self.connection)

    @cached_property
    def outdials(self) -> PostgresResources[Outdial]:
        return PostgresResources(self.connection, "outdials", Outdial)

    @cached_property
    def outplans(self) -> PostgresResources[Outplan]:
        return PostgresResources(self.connection, "outplans", Outplan)

    @cached_property
    def passages(self) -> PostgresPassageStore:
        return PostgresPassageStore(self.connection)

    @cached_property
    def rags(self) -> PostgresResources[Rag]:
        return PostgresResources(self.connection, "rags", Rag)

    @cached_property
    def reviews(self) -> PostgresResources[Review]:
        return PostgresResources(self.connection, "ai_reviews", Review)

    @cached_property
    def webchat_messages(self) -> PostgresResources[WebchatMessage]:
        return PostgresResources(self.connection, "webchat_messages", WebchatMessage)

    @cached_property
    def webchat_sessions(self) -> PostgresResources[WebchatSession]:
        return PostgresResources(self.connection, "webchat_sessions", WebchatSession)

    @cached_property
    def webchat_widgets(self) -> PostgresResources[WebchatWidget]:
        return PostgresResources(self.connection, "webchat_widgets", WebchatWidget)

    @cached_property
    def summaries(self) -> PostgresSummaryStore:
        return PostgresSummaryStore(self.connection)

    @cached_property
    def trunk_states(self) -> PostgresTrunkStateStore:
        return PostgresTrunkStateStore(self.connection)

    @cached_property
    def trunks(self) -> PostgresTrunkStore:
        return PostgresTrunkStore(self.connection, self._seal)

    @cached_property
    def kept_files(self) -> PostgresKeptFileStore:
        return PostgresKeptFileStore(self.connection)

    @cached_property
    def trust(self) -> PostgresTrustStore:
        return PostgresTrustStore(self.connection, self._seal)

    @cached_property
    def usage_records(self) -> PostgresUsageStore:
        return PostgresUsageStore(self.connection)

    @cached_property
    def watch(self) -> PostgresWatchStore:
        return PostgresWatchStore(self.connection)

    @cached_property
    def webhook_log(self) -> PostgresWebhookLogStore:
        return PostgresWebhookLogStore(self.connection)

    @cached_property
    def webhooks(self) -> PostgresWebhookStore:
        return PostgresWebhookStore(self.connection, self._seal)

    @asynccontextmanager
    async def together(self) -> AsyncIterator["PostgresTransaction"]:
        recorder = Recorder(self.connection)
        yield PostgresTransaction(cast("Connection", recorder), self._seal)  # the part of a connection that writes use
        try:
            await recorder.flush()
        except asyncpg.UniqueViolationError as fault:
            raise_if_taken(fault)
            raise
