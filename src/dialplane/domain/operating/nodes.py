"""The processes of an installation: who they are, whether they live, what they carry."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    VOICE = "voice"
    API = "api"
    WORKER = "worker"
    SMPP = "smpp"


SERVER_BEAT_S = 5.0
"""How often an API, worker or SMPP process says that it lives."""
SERVER_SILENT = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Server:
    """A process that is no voice node. `load`: `cpu`, the share of one core, and `rss_bytes`, since its last beat."""

    id: UUID
    role: Role
    host: str
    pid: int
    version: str
    started_at: datetime
    seen_at: datetime
    load: Mapping[str, float] = field(default_factory=dict)

    def is_alive(self, now: datetime) -> bool:
        return self.seen_at > now - SERVER_SILENT


@dataclass(frozen=True, slots=True)
class Beat:
    """What a voice node last said: `life` is its fencing token, which grows with each beginning and each closing."""

    node: str
    life: int
    seen_at: datetime
