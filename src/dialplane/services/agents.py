"""agents (owner fills in)."""

from typing import Protocol


class AgentStore(Protocol):
    """Port."""
