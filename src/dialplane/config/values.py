"""Kinds of settings: where to listen, ranges of ports, rates of requests."""

from dataclasses import dataclass


class SettingError(ValueError):
    """A setting that cannot be; the text names the variable and says what it should look like."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A host and a port to listen on; port 0 takes any free one."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str, *, what: str) -> "Endpoint":
        """`127.0.0.1:8080` or `[::1]:8080`. Raises SettingError naming `what`."""
        host, colon, port = text.rpartition(":")
        if not colon or not host or not port.isdecimal() or int(port) > 65535:
            raise SettingError(f"{what} must be HOST:PORT, such as 127.0.0.1:8080, got {text!r}")
        return cls(host.strip("[]"), int(port))

    @property
    def url_host(self) -> str:
        """The host as it stands in a URL."""
        return f"[{self.host}]" if ":" in self.host else self.host

    def __str__(self) -> str:
        return f"{self.url_host}:{self.port}"


@dataclass(frozen=True, slots=True)
class PortRange:
    """UDP ports from `first` to `last`, both included."""

    first: int
    last: int

    @classmethod
    def parse(cls, text: str, *, what: str) -> "PortRange":
        """`20000-29999`. Raises SettingError naming `what`."""
        first, dash, last = text.partition("-")
        if not dash or not first.isdecimal() or not last.isdecimal():
            raise SettingError(f"{what} must be FIRST-LAST, such as 20000-29999, got {text!r}")
        if not 1024 <= int(first) < int(last) <= 65535:
            raise SettingError(f"{what} must lie between 1024 and 65535, the first below the last, got {text!r}")
        return cls(int(first), int(last))

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"


@dataclass(frozen=True, slots=True)
class RequestRate:
    """Requests that are let through: so many a second for good, and `burst` at once."""

    per_second: float
    burst: int

    @classmethod
    def parse(cls, text: str, *, what: str) -> "RequestRate":
        """`16.7/33`. Raises SettingError naming `what`."""
        per_second, slash, burst = text.partition("/")
        try:
            rate = cls(float(per_second), int(burst))
        except ValueError:
            rate = cls(0, 0)
        if not slash or not 0 < rate.per_second <= 1_000_000 or not 0 < rate.burst <= 1_000_000:
            raise SettingError(f"{what} must be PER_SECOND/BURST, such as 16.7/33, got {text!r}")
        return rate

    def __str__(self) -> str:
        return f"{self.per_second:g}/{self.burst}"
