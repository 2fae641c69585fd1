"""Targets in their JSON columns: written as every answer shows them, read back into the union."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from dialplane.domain.numbering.targets import (
    ApplicationTarget,
    DocumentTarget,
    FlowTarget,
    ForwardTarget,
    HookTarget,
    MessageTarget,
    ReferTarget,
    Targets,
    VoiceTarget,
)
from dialplane.services.shapes.targets import target_shape

Columns = tuple[dict[str, object] | None, dict[str, object] | None, dict[str, object] | None]


_NONE = Targets()


def write_targets(targets: Targets) -> Columns:
    return target_shape(targets.voice), target_shape(targets.message), target_shape(targets.refer)


def read_targets(voice: object, message: object, refer: object) -> Targets:
    """What `write_targets` made of it. A column that holds anything else is a fault of ours and raises TypeError."""
    if voice is None and message is None and refer is None:
        return _NONE
    return Targets(_voice(_read(voice)), _message(_read(message)), _refer(_read(refer)))


AnyTarget = FlowTarget | DocumentTarget | ApplicationTarget | ForwardTarget | HookTarget | None


def _read(column: object) -> AnyTarget:
    if column is None:
        return None
    assert isinstance(column, Mapping)
    facts: dict[str, Any] = dict(column)  # the one place where the column's JSON becomes typed values
    kind = facts.pop("type")
    match kind:
        case "flow":
            return FlowTarget(UUID(facts["flow_id"]))
        case "application":
            return ApplicationTarget(UUID(facts["application_id"]))
        case "document":
            return DocumentTarget(**facts)
        case "hook":
            return HookTarget(**facts)
        case "forward":
            return ForwardTarget(tuple(facts.get("users", ())), facts.get("pstn", ""), facts.get("sip", ""))
    raise TypeError(f"no target is of type {kind!r}")


def _voice(target: AnyTarget) -> VoiceTarget:
    if isinstance(target, HookTarget):
        raise TypeError("a hook takes messages only")
    return target


def _message(target: AnyTarget) -> MessageTarget:
    if isinstance(target, ForwardTarget):
        raise TypeError("a forward takes calls only")
    return target


def _refer(target: AnyTarget) -> ReferTarget:
    if isinstance(target, FlowTarget | ForwardTarget | HookTarget):
        raise TypeError("a refer target is a document or an application")
    return target
