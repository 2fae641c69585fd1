"""The port to the one store: a transaction that carries the stores of every subject.

One use case is one transaction, opened and committed by the service function and nowhere inside. Each store's
Protocol stands in its subject's service module, in the words of the domain; `adapters/postgres` fulfils them.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # the stores' modules hold the use cases too, and those import this one
    from dialplane.services.calling.caller_ids import CallerIdStore
    from dialplane.services.calling.caller_names import CallerNameStore
    from dialplane.services.calling.calls import CallStore
    from dialplane.services.calling.extensions import ExtensionStore
    from dialplane.services.calling.goodbyes import DialogStore
    from dialplane.services.calling.groupcalls import GroupcallStore
    from dialplane.services.calling.media_streams import GateStore
    from dialplane.services.calling.outbound_limits import OutboundLimitStore
    from dialplane.services.calling.pbx_trunks import PbxTrunkStore
    from dialplane.services.calling.providercalls import ProviderCallStore
    from dialplane.services.calling.registrations import RegistrationStore
    from dialplane.services.calling.routes import RouteStore
    from dialplane.services.calling.schedules import ScheduleStore
    from dialplane.services.calling.speakings import SpeakingStore
    from dialplane.services.calling.timelines import TimelineStore
    from dialplane.services.calling.traces import TraceStore
    from dialplane.services.calling.transfers import TransferStore
    from dialplane.services.calling.treatment import SplitCallStore
    from dialplane.services.calling.trunk_states import TrunkStateStore
    from dialplane.services.calling.trunks import TrunkStore
    from dialplane.services.calling.trust import TrustStore
    from dialplane.services.campaigns.store import CampaignsStore
    from dialplane.services.charging.ledger import LedgerStore
    from dialplane.services.charging.rate_changes import RateChangeStore
    from dialplane.services.charging.rates import RateStore
    from dialplane.services.charging.usage_records import UsageStore
    from dialplane.services.eventing.events import EventStore
    from dialplane.services.eventing.webhook_log import WebhookLogStore
    from dialplane.services.eventing.webhooks import WebhookStore
    from dialplane.services.idempotency import IdempotencyStore
    from dialplane.services.identity.access_keys import AccessKeyStore
    from dialplane.services.identity.passkeys import PasskeyStore
    from dialplane.services.identity.people import LinkStore, PersonStore
    from dialplane.services.identity.portal_mail import PortalMailStore
    from dialplane.services.identity.second_step import RecoveryCodeStore
    from dialplane.services.identity.sign_in import SessionStore
    from dialplane.services.messaging.cases import CaseStore
    from dialplane.services.messaging.consent import ConsentStore
    from dialplane.services.messaging.conversation_accounts import ConversationAccountStore
    from dialplane.services.messaging.emails import EmailStore
    from dialplane.services.messaging.media import MediaStore
    from dialplane.services.messaging.message_store import MessageStore
    from dialplane.services.messaging.sender_pools import SenderPoolStore
    from dialplane.services.messaging.smpp_carriers import SmppCarrierStore
    from dialplane.services.messaging.smpp_store import SmppStore
    from dialplane.services.numbering.applications import ApplicationStore
    from dialplane.services.numbering.doctor.arrival_checks import ArrivalStore
    from dialplane.services.numbering.documents import DocumentStore
    from dialplane.services.numbering.history import HistoryStore
    from dialplane.services.numbering.number_jobs import NumberJobStore
    from dialplane.services.numbering.numbers import NumberStore
    from dialplane.services.numbering.orders import OrderStore
    from dialplane.services.numbering.patterns import PatternStore
    from dialplane.services.numbering.port_outs import PortOutStore
    from dialplane.services.numbering.porting import PortStore
    from dialplane.services.operating.audit import AuditStore
    from dialplane.services.operating.directory import DirectoryStore
    from dialplane.services.operating.nodes import NodeStore
    from dialplane.services.operating.retention import RetentionStore
    from dialplane.services.operating.watch import WatchStore
    from dialplane.services.programs.aicalls import AicallStore
    from dialplane.services.programs.ais import AiStore
    from dialplane.services.programs.flows import FlowStore
    from dialplane.services.programs.notifications import NotificationStore
    from dialplane.services.programs.runs import RunStore
    from dialplane.services.programs.summaries import SummaryStore
    from dialplane.services.recording.recordings import RecordingStore
    from dialplane.services.recording.transcriptions import TranscriptionStore
    from dialplane.services.rooms.agents import AgentStore
    from dialplane.services.rooms.conferences import ConferenceStore
    from dialplane.services.rooms.queues import QueueStore
    from dialplane.services.rooms.tags import TagStore
    from dialplane.services.settings import SettingStore
    from dialplane.services.stored_files import StoredFileStore
    from dialplane.services.supply.carrier_accounts import CarrierStore
    from dialplane.services.supply.imports import ImportStore
    from dialplane.services.supply.inventory import InventoryStore
    from dialplane.services.supply.kept_files import KeptFileStore
    from dialplane.services.tenancy.account_tree import AccountTreeStore
    from dialplane.services.tenancy.accounts import AccountStore
    from dialplane.services.tenancy.plans import PlanStore


class Transaction(Protocol):
    """One open transaction. It commits when its block ends and rolls back when the block raises."""

    @property
    def access_keys(self) -> AccessKeyStore: ...
    @property
    def account_tree(self) -> AccountTreeStore: ...
    @property
    def accounts(self) -> AccountStore: ...
    @property
    def agents(self) -> AgentStore: ...
    @property
    def applications(self) -> ApplicationStore: ...
    @property
    def audit(self) -> AuditStore: ...
    @property
    def arrivals(self) -> ArrivalStore: ...
    @property
    def caller_ids(self) -> CallerIdStore: ...
    @property
    def caller_names(self) -> CallerNameStore: ...
    @property
    def calls(self) -> CallStore: ...
    @property
    def carriers(self) -> CarrierStore: ...
    @property
    def conferences(self) -> ConferenceStore: ...
    @property
    def cases(self) -> CaseStore: ...
    @property
    def directory(self) -> DirectoryStore: ...
    @property
    def consent(self) -> ConsentStore: ...
    @property
    def dialogs(self) -> DialogStore: ...
    @property
    def documents(self) -> DocumentStore: ...
    @property
    def emails(self) -> EmailStore: ...
    @property
    def events(self) -> EventStore: ...
    @property
    def extensions(self) -> ExtensionStore: ...
    @property
    def flows(self) -> FlowStore: ...
    @property
    def gates(self) -> GateStore: ...
    @property
    def history(self) -> HistoryStore: ...
    @property
    def idempotency(self) -> IdempotencyStore: ...
    @property
    def imports(self) -> ImportStore: ...
    @property
    def inventory(self) -> InventoryStore: ...
    @property
    def ledger(self) -> LedgerStore: ...
    @property
    def links(self) -> LinkStore: ...
    @property
    def media(self) -> MediaStore: ...
    @property
    def messages(self) -> MessageStore: ...
    @property
    def nodes(self) -> NodeStore: ...
    @property
    def notifications(self) -> NotificationStore: ...
    @property
    def number_jobs(self) -> NumberJobStore: ...
    @property
    def numbers(self) -> NumberStore: ...
    @property
    def orders(self) -> OrderStore: ...
    @property
    def outbound_limits(self) -> OutboundLimitStore: ...
    @property
    def passkeys(self) -> PasskeyStore: ...
    @property
    def patterns(self) -> PatternStore: ...
    @property
    def pbx_trunks(self) -> PbxTrunkStore: ...
    @property
    def people(self) -> PersonStore: ...
    @property
    def plans(self) -> PlanStore: ...
    @property
    def portal_mails(self) -> PortalMailStore: ...
    @property
    def port_outs(self) -> PortOutStore: ...
    @property
    def ports(self) -> PortStore: ...
    @property
    def queues(self) -> QueueStore: ...
    @property
    def rate_changes(self) -> RateChangeStore: ...
    @property
    def routes(self) -> RouteStore: ...
    @property
    def rates(self) -> RateStore: ...
    @property
    def recordings(self) -> RecordingStore: ...
    @property
    def recovery_codes(self) -> RecoveryCodeStore: ...
    @property
    def registrations(self) -> RegistrationStore: ...
    @property
    def retention(self) -> RetentionStore: ...
    @property
    def runs(self) -> RunStore: ...
    @property
    def sessions(self) -> SessionStore: ...
    @property
    def sender_pools(self) -> SenderPoolStore: ...
    @property
    def settings(self) -> SettingStore: ...
    @property
    def smpp(self) -> SmppStore: ...
    @property
    def smpp_carriers(self) -> SmppCarrierStore: ...
    @property
    def timelines(self) -> TimelineStore: ...
    @property
    def traces(self) -> TraceStore: ...
    @property
    def groupcalls(self) -> GroupcallStore: ...
    @property
    def speakings(self) -> SpeakingStore: ...
    @property
    def tags(self) -> TagStore: ...

    @property
    def ais(self) -> AiStore: ...

    @property
    def aicalls(self) -> AicallStore: ...

    @property
    def campaigns(self) -> CampaignsStore: ...
    @property
    def transfers(self) -> TransferStore: ...
    @property
    def transcriptions(self) -> TranscriptionStore: ...
    @property
    def trunk_states(self) -> TrunkStateStore: ...
    @property
    def provider_calls(self) -> ProviderCallStore: ...
    @property
    def summaries(self) -> SummaryStore: ...
    @property
    def stored_files(self) -> StoredFileStore: ...
    @property
    def conversation_accounts(self) -> ConversationAccountStore: ...
    @property
    def trunks(self) -> TrunkStore: ...
    @property
    def kept_files(self) -> KeptFileStore: ...
    @property
    def schedules(self) -> ScheduleStore: ...
    @property
    def split_calls(self) -> SplitCallStore: ...
    @property
    def trust(self) -> TrustStore: ...
    @property
    def usage_records(self) -> UsageStore: ...
    @property
    def watch(self) -> WatchStore: ...
    @property
    def webhook_log(self) -> WebhookLogStore: ...
    @property
    def webhooks(self) -> WebhookStore: ...

    def together(self) -> AbstractAsyncContextManager[Transaction]:
        """Writes through it go out as one round trip when its block ends; nothing may be read through it, and no two
        of its writes may touch the same row. For the writes of ledger, numbers, history, orders and inventory, and for
        events that are published beside them, once."""
        ...


class Database(Protocol):
    """Opens transactions. A lone read may use one too: it costs one round trip more only when it writes."""

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Raises Unavailable within two seconds where the store does not answer (AV-3)."""
        ...

    def reading(self) -> AbstractAsyncContextManager[Transaction]:
        """The stores on a connection in autocommit: for reads that need no snapshot. Writing through it is a fault."""
        ...

    def browsing(self) -> AbstractAsyncContextManager[Transaction]:
        """A reading for lists, searches and logs, a few seconds old where a replica answers. Whoever has just written
        (`services.asking`) finds what they wrote. One resource by its id is read by `reading`."""
        ...
