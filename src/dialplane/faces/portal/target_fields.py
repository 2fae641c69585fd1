"""Fields in which targets for several numbers are chosen: a list of what there is, and a line for all other ways.

`parts/targets.html` shows them. Left as they are, they change nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from dialplane.domain.numbering.targets import UNWRITTEN, TargetsChange
from dialplane.faces.portal.forms import Fields
from dialplane.faces.portal.request import PortalRequest
from dialplane.services.numbering.target_texts import NONE, Named, load_named, read_message, read_voice

Choices = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class TargetChoices:
    """What the account has to choose from."""

    named: Named

    @property
    def choices(self) -> Choices:
        flows = [(f"flow:{flow_id}", f"Flow: {name}") for name, flow_id in self.named.flows.items()]
        others = [(f"application:{each}", f"Application: {name}") for name, each in self.named.applications.items()]
        return [("", "Leave as it is"), (NONE, "Nothing"), *flows, *others]

    def read(self, fields: Fields) -> TargetsChange:
        """What was chosen; what was typed goes before what was picked. Raises Invalid naming the form's field."""
        calls, messages = (_text(fields, name) for name in ("calls", "messages"))
        return TargetsChange(
            voice=read_voice(calls[1], self.named, field=calls[0]) if calls[1] else UNWRITTEN,
            message=read_message(messages[1], self.named, field=messages[0]) if messages[1] else UNWRITTEN,
        )


def _text(fields: Fields, name: str) -> tuple[str, str]:
    """The field that says it, and what it says."""
    other = f"{name}_other"
    return (other, fields.get(other)) if fields.get(other) else (name, fields.get(name))


async def target_choices(request: PortalRequest) -> TargetChoices:
    async with request.database.reading() as tx:
        return TargetChoices(await load_named(tx, request.account_id))
