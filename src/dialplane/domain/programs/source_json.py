"""Program sources and status callbacks as JSON, for orders and rows that carry them."""

from collections.abc import Mapping
from typing import cast
from uuid import UUID

from dialplane.domain.programs.sources import (
    ActionsSource,
    DocumentSource,
    DocumentText,
    FlowSource,
    HttpMethod,
    ProgramSource,
    StatusCallback,
)

Fields = dict[str, object]


def source_fields(source: ProgramSource) -> Fields:
    match source:
        case FlowSource(flow_id):
            return {"flow_id": str(flow_id)}
        case ActionsSource(actions):
            return {"actions": list(actions)}
        case DocumentText(xml):
            return {"xml": xml}
        case DocumentSource():
            return {
                "url": source.url,
                "method": source.method,
                "fallback_url": source.fallback_url,
                "fallback_method": source.fallback_method,
                "parameters": [list(pair) for pair in source.parameters],
            }


def read_source(fields: Mapping[str, object]) -> ProgramSource:
    """What `source_fields` wrote."""
    if "flow_id" in fields:
        return FlowSource(UUID(str(fields["flow_id"])))
    if "actions" in fields:
        return ActionsSource(tuple(cast("list[dict[str, object]]", fields["actions"])))
    if "xml" in fields:
        return DocumentText(str(fields["xml"]))
    return DocumentSource(
        str(fields["url"]),
        method=_method(fields["method"]),
        fallback_url=str(fields["fallback_url"]),
        fallback_method=_method(fields["fallback_method"]),
        parameters=read_pairs(fields["parameters"]),
    )


def callback_fields(callback: StatusCallback) -> Fields:
    return {
        "url": callback.url,
        "method": callback.method,
        "events": sorted(callback.events),
        "api_version": callback.api_version,
    }


def read_callback(fields: Mapping[str, object]) -> StatusCallback:
    """What `callback_fields` wrote."""
    events = cast("list[str]", fields["events"])
    return StatusCallback(str(fields["url"]), _method(fields["method"]), frozenset(events), str(fields["api_version"]))


def read_pairs(value: object) -> tuple[tuple[str, str], ...]:
    """Pairs of names and values, as JSON has them."""
    return tuple((name, text) for name, text in cast("list[list[str]]", value))


def _method(value: object) -> HttpMethod:
    return "GET" if value == "GET" else "POST"
