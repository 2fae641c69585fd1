"""Traces, where a collector is named: what makes them is an extra, and is loaded then only."""

from importlib import import_module
from typing import TYPE_CHECKING

from dialplane.config.settings import Settings
from dialplane.config.values import SettingError

if TYPE_CHECKING:
    from dialplane.adapters.tracing.otlp import Tracing


def find_tracing(settings: Settings, role: str) -> "Tracing | None":
    """None where nobody wants any. Raises SettingError where the extra is not installed."""
    if not settings.otlp:
        return None
    try:
        module = import_module("dialplane.adapters.tracing.otlp")
    except ModuleNotFoundError as fault:
        raise SettingError("DIALPLANE_OTLP is set: install the extra, `pip install 'dialplane[otel]'`") from fault
    tracing: Tracing = module.Tracing(role, node=settings.node if role == "voice" else "", endpoint=settings.otlp)
    return tracing
