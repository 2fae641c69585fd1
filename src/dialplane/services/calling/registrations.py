"""The registrar's memory: which extension can be reached where, and who may say so (RFC 3261 section 10)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from dialplane.domain.calling.media import ANY_AUDIO, MediaProfile
from dialplane.domain.ids import AccountId, ExtensionId, OrganizationId
from dialplane.domain.numbering.targets import ApplicationTarget, DocumentTarget
from dialplane.services.transaction import Database


@dataclass(frozen=True, slots=True)
class Subscriber:
    """An extension as the SIP side knows it."""

    extension_id: ExtensionId
    account_id: AccountId
    organization_id: OrganizationId
    extension: str
    password: str = field(repr=False)
    voice: DocumentTarget | ApplicationTarget | None = None
    """What runs when it places a call, whatever was dialled (Restcomm reference 4.8)."""
    media: MediaProfile = field(default=ANY_AUDIO)


@dataclass(frozen=True, slots=True)
class Binding:
    """One contact of an extension."""

    contact: str
    """The contact's URI, as it was registered."""
    call_id: str
    cseq: int
    source_host: str
    source_port: int
    transport: str
    node: str
    expires_at: datetime
    user_agent: str = ""
    path: str = ""
    """Routes to it where it registered through an edge; empty: it is reached directly."""


class RegistrationStore(Protocol):
    """Port."""

    async def find_subscribers(self, names: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Subscriber]:
        """The extensions behind `(user, domain)` pairs; those that do not exist are left out.

        A domain is one of an organization's SIP domains, or `<account id>.registrar.…` as VoIPBIN writes it.
        """
        ...

    async def find_extension(self, account_id: AccountId, extension_id: ExtensionId) -> Subscriber | None: ...

    async def find_extension_named(self, account_id: AccountId, extension: str) -> Subscriber | None: ...

    async def bindings(self, extension_id: ExtensionId, now: datetime) -> list[Binding]:
        """Those that have not expired."""
        ...

    async def lock(self, extension_id: ExtensionId) -> None:
        """Let no other registration of the extension in until the transaction ends."""
        ...

    async def replace_bindings(self, extension_id: ExtensionId, bindings: Sequence[Binding]) -> None: ...

    async def remove_flows(self, node: str, source: tuple[str, int] | None) -> None:
        """The bindings that came to this node over websockets of its own, from `source` or all."""
        ...

    async def find_caller_at(self, host: str, port: int, now: datetime) -> Subscriber | None:
        """The extension whose live binding came from this very address, if there is one."""
        ...

    async def organization_of(self, domain: str) -> OrganizationId | None: ...


async def find_subscriber(database: Database, user: str, domain: str) -> Subscriber | None:
    async with database.reading() as tx:
        return (await tx.registrations.find_subscribers([(user, domain.lower())])).get((user, domain.lower()))


async def find_bindings(
    database: Database, account_id: AccountId, extension_id: ExtensionId, now: datetime
) -> tuple[Subscriber | None, list[Binding]]:
    """An extension of the account and where it can be reached now."""
    async with database.reading() as tx:
        subscriber = await tx.registrations.find_extension(account_id, extension_id)
        return subscriber, [] if subscriber is None else await tx.registrations.bindings(extension_id, now)


async def register(
    database: Database,
    extension_id: ExtensionId,
    change: Callable[[list[Binding]], list[Binding] | None],
    now: datetime,
) -> None:
    """Change the live bindings of an extension, one registration at a time. `change` gives what they become, or None
    to leave them as they are."""
    async with database.transaction() as tx:
        await tx.registrations.lock(extension_id)
        wanted = change(await tx.registrations.bindings(extension_id, now))
        if wanted is not None:
            await tx.registrations.replace_bindings(extension_id, wanted)


async def end_flow(database: Database, node: str, host: str, port: int) -> None:
    """A websocket is closed: nothing that registered over it can be reached any more (RFC 5626 section 6)."""
    async with database.transaction() as tx:
        await tx.registrations.remove_flows(node, (host, port))


async def end_all_flows(database: Database, node: str) -> None:
    """The node begins anew: no websocket of its last life is open."""
    async with database.transaction() as tx:
        await tx.registrations.remove_flows(node, None)
