"""The port to the one store: a transaction that carries the stores of every subject.

One use case is one transaction, opened and committed by the service function and nowhere inside. Each store's
Protocol stands in its subject's service module, in the words of the domain; `adapters/postgres` fulfils them.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # the stores' modules hold the use cases too, and those import this one
    from dialplane.services.access_keys import AccessKeyStore
    from dialplane.services.account_tree import AccountTreeStore
    from dialplane.services.accounts import AccountStore
    from dialplane.services.agents import AgentStore
    from dialplane.services.applications import ApplicationStore
    from dialplane.services.caller_ids import CallerIdStore
    from dialplane.services.caller_names import CallerNameStore
    from dialplane.services.calls import CallStore
    from dialplane.services.cases import CaseStore
    from dialplane.services.conferences import ConferenceStore
    from dialplane.services.documents import DocumentStore
    from dialplane.services.emails import EmailStore
    from dialplane.services.events import EventStore
    from dialplane.services.extensions import ExtensionStore
    from dialplane.services.flows import FlowStore
    from dialplane.services.groupcalls import GroupcallStore
    from dialplane.services.history import HistoryStore
    from dialplane.services.idempotency import IdempotencyStore
    from dialplane.services.imports import ImportStore
    from dialplane.services.inventory import InventoryStore
    from dialplane.services.ledger import LedgerStore
    from dialplane.services.media_streams import GateStore
    from dialplane.services.messages import MessageStore
    from dialplane.services.notifications import NotificationStore
    from dialplane.services.numbers import NumberStore
    from dialplane.services.orders import OrderStore
    from dialplane.services.passkeys import PasskeyStore
    from dialplane.services.patterns import PatternStore
    from dialplane.services.people import LinkStore, PersonStore
    from dialplane.services.plans import PlanStore
    from dialplane.services.port_outs import PortOutStore
    from dialplane.services.portal_mail import PortalMailStore
    from dialplane.services.porting import PortStore
    from dialplane.services.queues import QueueStore
    from dialplane.services.rate_changes import RateChangeStore
    from dialplane.services.rates import RateStore
    from dialplane.services.recordings import RecordingStore
    from dialplane.services.registrations import RegistrationStore
    from dialplane.services.runs import RunStore
    from dialplane.services.second_step import RecoveryCodeStore
    from dialplane.services.settings import SettingStore
    from dialplane.services.sign_in import SessionStore
    from dialplane.services.speakings import SpeakingStore
    from dialplane.services.tags import TagStore
    from dialplane.services.timelines import TimelineStore
    from dialplane.services.traces import TraceStore
    from dialplane.services.transcriptions import TranscriptionStore
    from dialplane.services.transfers import TransferStore
    from dialplane.services.trunks import TrunkStore
    from dialplane.services.usage_records import UsageStore
    from dialplane.services.webhooks import WebhookStore


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
    def caller_ids(self) -> CallerIdStore: ...
    @property
    def caller_names(self) -> CallerNameStore: ...
    @property
    def calls(self) -> CallStore: ...
    @property
    def conferences(self) -> ConferenceStore: ...
    @property
    def cases(self) -> CaseStore: ...
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
    def messages(self) -> MessageStore: ...
    @property
    def notifications(self) -> NotificationStore: ...
    @property
    def numbers(self) -> NumberStore: ...
    @property
    def orders(self) -> OrderStore: ...
    @property
    def passkeys(self) -> PasskeyStore: ...
    @property
    def patterns(self) -> PatternStore: ...
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
    def rates(self) -> RateStore: ...
    @property
    def recordings(self) -> RecordingStore: ...
    @property
    def recovery_codes(self) -> RecoveryCodeStore: ...
    @property
    def registrations(self) -> RegistrationStore: ...
    @property
    def runs(self) -> RunStore: ...
    @property
    def sessions(self) -> SessionStore: ...
    @property
    def settings(self) -> SettingStore: ...
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
    def transfers(self) -> TransferStore: ...
    @property
    def transcriptions(self) -> TranscriptionStore: ...
    @property
    def trunks(self) -> TrunkStore: ...
    @property
    def usage_records(self) -> UsageStore: ...
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
