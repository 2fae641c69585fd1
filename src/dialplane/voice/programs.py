"""From a source to the program that runs it on a leg: the one place where calls make programs."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from dialplane.domain.flows.action import Action
from dialplane.domain.flows.machine import FlowProgram
from dialplane.domain.flows.run import Run
from dialplane.domain.flows.validation import validate_actions
from dialplane.domain.ids import FlowId, to_sid
from dialplane.domain.programs.commands import Medium
from dialplane.domain.programs.program import Program
from dialplane.domain.programs.sources import (
    ActionsSource,
    DocumentSource,
    DocumentText,
    FlowSource,
    ProgramSource,
)
from dialplane.domain.rcml.context import Role
from dialplane.domain.rcml.machine import RcmlProgram
from dialplane.domain.rcml.parameters import instance_sid, recordings_url, subject_of
from dialplane.services.calling.caller_names import CallerNames, look_up_caller
from dialplane.services.programs.flows import find_flow
from dialplane.services.transaction import Database
from dialplane.voice.leg import Leg

LOOK_UP_S = 2.0
"""How long a caller waits for the look-up of the own name."""


@dataclass(frozen=True, slots=True)
class Programs:
    """Makes programs for legs of this node."""

    database: Database
    names: CallerNames
    node: str = ""
    public_url: str = ""
    """Where clients reach the HTTP server, for the addresses of recordings."""
    document_timeout_s: float | None = None

    async def make(self, source: ProgramSource, leg: Leg, run: Run, *, role: Role = Role.CALL) -> Program:
        """The program that `source` names, for `leg`; `run` says whose it is and what its variables are. `role` tells a
        document what it is for: the call itself, a callee before it is joined, or somebody who waits.

        Raises NotFound (FLOW_NOT_FOUND), and Invalid where actions are malformed.
        """
        match source:
            case FlowSource(flow_id):
                async with self.database.reading() as tx:
                    flow = await find_flow(tx, run.account_id, FlowId(flow_id))
                return FlowProgram(
                    flow.actions,
                    medium=Medium.CALL,
                    flow_id=flow.id,
                    on_complete_flow_id=flow.on_complete_flow_id,
                    variables=run.variables,
                )
            case ActionsSource(actions):
                return flow_program(validate_actions(list(actions)), run)
            case DocumentSource() | DocumentText():
                return self._document(source, leg, run, role)

    async def first_document(self, source: DocumentSource, leg: Leg, run: Run, looks_up_name: bool) -> Program:
        """The program of an incoming call: the caller hears ringing at once, and is looked up where that is wanted."""
        await leg.ring()
        if looks_up_name and leg.call.source.type == "tel":
            try:
                async with asyncio.timeout(LOOK_UP_S):
                    name = await look_up_caller(self.database, self.names, leg.call, leg.now())
            except TimeoutError:
                name = ""
            if name:
                leg.update(extras=replace(leg.call.details, caller_name=name))
        return self._document(source, leg, run, Role.CALL)

    def _document(self, source: DocumentSource | DocumentText, leg: Leg, run: Run, role: Role) -> RcmlProgram:
        return RcmlProgram(
            source,
            subject_of(leg.call, instance=instance_sid(self.node)),
            role=role,
            answered=leg.is_answered,
            recordings_url=recordings_url(self.public_url, leg.call.details.api_version, to_sid("AC", run.account_id)),
            timeout_s=self.document_timeout_s,
            variables=run.variables,
        )


def flow_program(actions: Sequence[Action], run: Run) -> FlowProgram:
    """The run's own actions as a program on a call."""
    return FlowProgram(
        actions,
        medium=Medium.CALL,
        flow_id=run.flow_id,
        on_complete_flow_id=run.on_complete_flow_id,
        variables=run.variables,
    )
