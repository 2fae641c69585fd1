"""How the processes use Postgres: the addresses, and how many connections each may open."""

import re
from dataclasses import asdict, dataclass
from urllib.parse import parse_qsl, urlsplit

from dialplane.config.values import SettingError

LEAST, MOST = 3, 1_000
_PART = re.compile(r"([a-z]+)=([0-9]{1,4})")


@dataclass(frozen=True, slots=True)
class Connections:
    """The most that one process of each role keeps in its pool; each has one more that hears hints.

    On two cores more would only wait for each other there; each costs the server some megabytes.
    """

    api: int = 20
    voice: int = 10
    worker: int = 10
    smpp: int = 10
    replica: int = 10
    """Of one API process to each read replica."""

    @classmethod
    def parse(cls, text: str, *, what: str) -> "Connections":
        """`api=20 voice=10`; roles that are not named have their defaults. Raises SettingError naming `what`."""
        named: dict[str, int] = {}
        for word in text.replace(",", " ").split():
            part = _PART.fullmatch(word)
            if part is None or part[1] not in cls.__slots__ or not LEAST <= int(part[2]) <= MOST:
                roles = ", ".join(cls.__slots__)
                raise SettingError(f"{what} must be such as api=20 ({LEAST} to {MOST}; for {roles}), got {word!r}")
            named[part[1]] = int(part[2])
        return cls(**named)

    def of_process(self, role: str) -> int:
        """All that one process of the role may hold on the primary."""
        return int(asdict(self)[role]) + 1

    def __str__(self) -> str:
        return " ".join(f"{role}={count}" for role, count in asdict(self).items())


def database_url(text: str, *, what: str = "DATABASE_URL") -> str:
    """Of several hosts the one that takes writes is meant, where nothing else is said: libpq's own default would take
    whichever answers. Raises SettingError."""
    if not text:
        return text
    if not text.startswith(("postgresql://", "postgres://")):
        raise SettingError(f"{what} must begin with postgresql://")
    parts = urlsplit(text)
    names_several = "," in parts.netloc or "," in dict(parse_qsl(parts.query)).get("host", "")
    if names_several and "target_session_attrs=" not in parts.query:
        return text + ("&" if parts.query else "?") + "target_session_attrs=read-write"
    return text
