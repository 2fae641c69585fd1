"""Addresses that are told of progress: `StatusCallback`, `RecordingStatusCallback` and their kind (reference 4.4)."""

from collections.abc import Collection

from dialplane.domain.programs.sources import StatusCallback
from dialplane.faces.restcomm.dialects import Dialect
from dialplane.faces.restcomm.forms import Parameters, invalid

CALL_EVENTS = ("initiated", "ringing", "answered", "completed")
RECORDING_EVENTS = ("in-progress", "completed", "absent", "failed")


def read_callback(
    parameters: Parameters, name: str, dialect: Dialect, events: Collection[str]
) -> StatusCallback | None:
    """`<name>`, `<name>Method` and `<name>Event`; None without an address.

    Events may be repeated, and stand in one value with spaces or commas between them. Raises Invalid naming the
    parameter.
    """
    url, method = parameters.url(name), parameters.method(f"{name}Method") or "POST"
    wanted = [event.lower() for value in parameters.all(f"{name}Event") for event in value.replace(",", " ").split()]
    if unknown := set(wanted) - set(events):
        raise invalid(f"{name}Event", f"is one or more of {', '.join(events)}, not {min(unknown)[:40]}")
    if not url:
        return None
    return StatusCallback(url, method, frozenset(wanted), dialect.api_version)
