"""Addresses in request bodies: `{type, target, target_name, name, detail}` (reference 4.2)."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import msgspec

from dialplane.domain.addresses import ADDRESS_TYPES, Address, AddressType, normalize_tel
from dialplane.domain.errors import Invalid
from dialplane.faces.voipbin.flows import ActionList

_Text = Annotated[str, msgspec.Meta(max_length=255)]


class Party(msgspec.Struct):
    """A caller, callee, sender or receiver. `type` may be left out where `target` is E.164 or `user@host`."""

    target: Annotated[str, msgspec.Meta(min_length=1, max_length=255, examples=["+12025550101"])]
    type: str = ""
    target_name: _Text = ""
    name: _Text = ""
    detail: _Text = ""


class Caller(msgspec.Struct):
    """The number that a call comes from. Without a target it is the one of the outbound config (reference 4.3)."""

    target: _Text = ""
    type: str = ""
    target_name: _Text = ""
    name: _Text = ""
    detail: _Text = ""


class Invitation(msgspec.Struct):
    """Whom to call. One of `flow_id` and `actions` says what runs when a party answers."""

    destinations: Annotated[list[Party], msgspec.Meta(min_length=1, max_length=50)]
    source: Caller | None = None
    flow_id: UUID | None = None
    actions: ActionList | None = None

    @property
    def from_whom(self) -> Address | None:
        return None if self.source is None or not self.source.target else read_party(self.source, "source")

    @property
    def to_whom(self) -> tuple[Address, ...]:
        return read_parties(self.destinations, "destinations")

    @property
    def who_can_be_read(self) -> tuple[Address, ...]:
        """One that fails is left out (reference 4.3). Raises Invalid naming the first where all do."""
        found: list[Address] = []
        failed: list[Invalid] = []
        for index, party in enumerate(self.destinations):
            try:
                found.append(read_party(party, f"destinations[{index}]"))
            except Invalid as fault:
                failed.append(fault)
        if not found:
            raise failed[0]
        return tuple(found)


def read_party(party: Party | Caller, field: str) -> Address:
    """The address in its normal form.

    Raises Invalid naming `field` where the type is unknown or the target does not fit it.
    """
    kind = _kind(party, field)
    target = normalize_tel(party.target, field=f"{field}.target") if kind == "tel" else party.target
    return Address(kind, target, party.target_name, party.name, party.detail)


def read_parties(parties: Sequence[Party], field: str) -> tuple[Address, ...]:
    """Each of a list that must not be empty. Raises Invalid naming the one that is wrong."""
    if not parties:
        raise Invalid(f"{field} must name at least one", field=field)
    return tuple(read_party(party, f"{field}[{index}]") for index, party in enumerate(parties))


def _kind(party: Party | Caller, field: str) -> AddressType:
    if not party.type:
        return "sip" if "@" in party.target else "tel"
    for known in ADDRESS_TYPES:
        if party.type == known:
            return known
    raise Invalid(f"{field}.type {party.type[:40]!r} is not known", field=f"{field}.type")
