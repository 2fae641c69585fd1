"""From a source to the program that runs it on a leg: the one place where calls make programs."""

from collections.abc import Sequence
from dataclasses import dataclass

from dialplane.domain.errors import Unavailable
from dialplane.domain.flows.action import Action
from dialplane.domain.flows.machine import FlowProgram
from dialplane.domain.flows.run import Run
from dialplane.domain.flows.validation import validate_actions
from dialplane.domain.ids import FlowId
from dialplane.domain.programs.commands import Medium
from dialplane.domain.programs.program import Program
from dialplane.domain.programs.sources import ActionsSource, FlowSource, ProgramSource
from dialplane.services.flows import find_flow
from dialplane.services.transaction import Database
from dialplane.voice.leg import Leg


@dataclass(frozen=True, slots=True)
class Programs:
    """Makes programs for legs of this node."""

    database: Database

    async def make(self, source: ProgramSource, leg: Leg, run: Run) -> Program:
        """The program that `source` names, for `leg`; `run` says whose it is and what its variables are.

        Raises NotFound (FLOW_NOT_FOUND), Invalid where actions are malformed, and Unavailable for what this server
        cannot run.
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
            case _:
                raise Unavailable("Documents cannot be run here")


def flow_program(actions: Sequence[Action], run: Run) -> FlowProgram:
    """The run's own actions as a program on a call."""
    return FlowProgram(
        actions,
        medium=Medium.CALL,
        flow_id=run.flow_id,
        on_complete_flow_id=run.on_complete_flow_id,
        variables=run.variables,
    )
