"""The dry run of a flow or document: a program played against a script, at no charge."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from dialplane.domain.errors import Invalid
from dialplane.domain.flows.action import Action
from dialplane.domain.flows.validation import validate_actions
from dialplane.domain.ids import AccountId, FlowId
from dialplane.domain.programs.sources import DocumentSource, DocumentText, HttpMethod
from dialplane.domain.simulation.script import Script
from dialplane.domain.simulation.simulator import DryRun, Make, Simulator, document_maker, flow_maker
from dialplane.services.charging.rates import tariff_of
from dialplane.services.programs.flows import find_flow, get_version
from dialplane.services.transaction import Database, Transaction

MAX_FLOWS = 100
"""Flows that one dry run may fetch."""
MAX_DOCUMENT = 64 * 1024


@dataclass(frozen=True, slots=True)
class Draft:
    """What is played; one of them. `version` is of the flow; None: as it is now."""

    flow_id: UUID | None = None
    version: int | None = None
    actions: object = None
    """Decoded JSON, still to be validated."""
    document: str | None = None
    """An XML document."""
    url: str | None = None
    """Of one; the script's `http` answers it."""
    method: HttpMethod = "POST"


async def dry_run(database: Database, account_id: AccountId, draft: Draft, script: Script) -> DryRun:
    """Play the draft; flows that it fetches are found as in a real run.

    Raises NotFound (FLOW_NOT_FOUND, FLOW_VERSION_NOT_FOUND), Invalid where the draft is none.
    """
    make = await find_program(database, account_id, draft)
    async with database.reading() as tx:
        return await play(tx, account_id, make, script)


async def find_program(database: Database, account_id: AccountId, draft: Draft) -> Make:
    """Raises as `dry_run` does."""
    given = [name for name in ("flow_id", "actions", "document", "url") if getattr(draft, name) is not None]
    if len(given) != 1:
        raise Invalid("one of flow_id, actions, document and url says what is played", field=(given or ["flow_id"])[-1])
    if draft.document is not None:
        if len(draft.document) > MAX_DOCUMENT:
            raise Invalid(f"document has at most {MAX_DOCUMENT} characters", field="document")
        return document_maker(DocumentText(draft.document))
    if draft.url is not None:
        if not draft.url.startswith(("http://", "https://")) or len(draft.url) > 2048:
            raise Invalid("url must be an http or https address of at most 2048 characters", field="url")
        return document_maker(DocumentSource(draft.url, draft.method))
    if draft.flow_id is None:
        return flow_maker(validate_actions(draft.actions))
    if draft.version is not None:
        return flow_maker((await get_version(database, account_id, FlowId(draft.flow_id), draft.version)).actions)
    async with database.reading() as tx:
        return flow_maker((await find_flow(tx, account_id, FlowId(draft.flow_id))).actions)


async def play(tx: Transaction, account_id: AccountId, make: Make, script: Script) -> DryRun:
    """Play again and again until nothing is missing: flows and prices are known only when they are asked for."""
    flows: dict[UUID, Sequence[Action]] = {}
    looked_for: set[UUID] = set()
    priced: set[str] = set()
    prices = await tariff_of(tx, account_id)
    while True:
        simulator = Simulator(make, script, flows, prices)
        played = simulator.play()
        missing = simulator.missing - looked_for
        if (not missing and simulator.numbers <= priced) or len(looked_for) >= MAX_FLOWS:
            return played
        priced |= simulator.numbers
        prices = await tariff_of(tx, account_id, *priced)
        looked_for |= missing
        for missed in missing:
            found = await tx.flows.find(account_id, FlowId(missed))
            if found is not None:
                flows[missed] = found.actions


def dry_run_shape(played: DryRun) -> dict[str, object]:
    """The answer's JSON form."""
    return {
        "steps": [
            {"action": step.action, "at": step.at, "duration_ms": step.duration_ms, "result": step.result}
            for step in played.steps
        ],
        "ended": played.ended,
        "duration_ms": played.duration_ms,
        "price_micros": played.price_micros,
        "problems": list(played.problems),
    }
