"""A run (VoIPBIN's activeflow): one way through a flow, as it is kept (reference 3.3)."""

from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from dialplane.domain.ids import AccountId, FlowId, RunId
from dialplane.domain.programs.commands import RunRecord
from dialplane.domain.values import dataclass


class RunStatus(StrEnum):
    RUNNING = "running"
    ENDED = "ended"


class ReferenceType(StrEnum):
    """What a run belongs to."""

    NONE = ""
    AI = "ai"
    API = "api"
    CALL = "call"
    CONVERSATION = "conversation"
    RECORDING = "recording"
    TRANSCRIBE = "transcribe"


@dataclass(frozen=True, slots=True)
class Run:
    id: RunId
    account_id: AccountId
    status: RunStatus
    reference_type: ReferenceType
    created_at: datetime
    flow_id: FlowId | None = None
    flow_version: int = 0
    """The version of the flow that it began with, and stays on; 0: it has no flow."""
    is_canary: bool = False
    """Whether that was the version of a share of the calls."""
    reference_id: UUID | None = None
    reference_run_id: RunId | None = None
    """The run whose `on_complete_flow_id` began this one."""
    on_complete_flow_id: FlowId | None = None
    complete_count: int = 0
    """How many runs came before it in that way."""
    webhook_uri: str = ""
    webhook_method: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    current_action: Mapping[str, object] | None = None
    forward_action_id: UUID | None = None
    executed_actions: tuple[Mapping[str, object], ...] = ()
    error: str = ""
    """Why the run had to end, in words; "" where it ended well."""
    updated_at: datetime | None = None
    ended_at: datetime | None = None
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RunProgress:
    """That a run stands at `record` since `at`."""

    run: Run
    """As it was when it began, or later: what does not change of a run is all that counts here."""
    record: RunRecord
    at: datetime
    told: int | None = None
    """How many of the executed actions were told of before; None: all but the one that it stands at."""

    @property
    def status(self) -> RunStatus:
        return RunStatus.ENDED if self.record.ended else RunStatus.RUNNING


def steps_to_tell(progress: RunProgress) -> Iterator[RunProgress]:
    """Where the run stood after each action that nobody was told of yet, and `progress` last (reference 3.3: one event
    after every action and one at the end). Actions that wait for nothing run several in one go."""
    record = progress.record
    executed = record.executed_actions
    untold = len(executed) if progress.told is None else progress.told
    for count in range(untold, len(executed) if record.ended else len(executed) - 1):
        yield replace(progress, record=RunRecord(executed[count], None, executed[: count + 1]))
    yield progress


def apply_progress(progress: RunProgress) -> Run:
    """The run as it is after that."""
    record = progress.record
    return replace(
        progress.run,
        status=progress.status,
        current_action=record.current_action,
        forward_action_id=record.forward_action_id,
        executed_actions=record.executed_actions,
        variables=record.variables,
        error=record.error,
        updated_at=progress.at,
        ended_at=progress.at if record.ended else None,
    )
