"""Digest authentication (RFC 7616, RFC 2617; SHA-256 by RFC 8760), both sides. Times are seconds on any steady clock.

The server keeps no nonce that nobody used: a nonce carries its own time and a signature over it and the peer's
address (REG-1). What is remembered is the count (`nc`) of nonces that a right password went with, so that strangers
cannot make it grow.
"""

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum

from dialplane.sip.errors import SipParseError
from dialplane.sip.grammar import QUOTED, TOKEN_CHARACTERS, quote, unquote
from dialplane.sip.message import Request, Response

ALGORITHMS = {"SHA-256": hashlib.sha256, "MD5": hashlib.md5}
"""In the order in which we offer them."""

_KNOWS_MD5_ONLY = re.compile(r"baresip v[01]\.", re.IGNORECASE)
"""User agents that give up at any challenge with an algorithm they do not know, where RFC 8760 2.4 says to skip it:
baresip up to 1.x (Debian's baresip-core 1.0.0: "Register: Function not implemented")."""

_PARAMETER = re.compile(rf"([{TOKEN_CHARACTERS}]+)[ \t]*=[ \t]*({QUOTED.pattern}|[^\s\",=]+=*)[ \t]*", re.DOTALL)
_COMMA = re.compile(r"(?:,[ \t]*)+")
_COUNT = re.compile(r"[0-9A-Fa-f]{8}")
_NEEDED = ("username", "realm", "nonce", "uri", "response", "qop", "nc", "cnonce")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client put into Authorization or Proxy-Authorization, complete and for our realm."""

    username: str
    realm: str
    nonce: str
    uri: str
    response: str
    algorithm: str
    count: int
    count_text: str
    cnonce: str


class Verdict(Enum):
    ACCEPTED = "accepted"
    STALE = "stale"
    """The password is right, but the nonce is old, another's, or used with this count already: challenge anew."""
    WRONG = "wrong"


class Authenticator:
    """The server side for one realm. `secret` signs nonces; it may be made anew at each start."""

    def __init__(
        self, realm: str, secret: bytes, *, lifetime_s: float = 60.0, highest_remembered: int = 100_000
    ) -> None:
        self.realm = realm
        self._secret = secret
        self._lifetime_s = lifetime_s
        self._highest_remembered = highest_remembered
        self._counts: dict[str, tuple[float, int]] = {}
        self._oldest_valid = float("-inf")
        self._issued = 0
        self._nobodys_password = secrets.token_hex()

    def challenge(
        self, request: Request, source_host: str, now: float, *, stale: bool = False, proxy: bool = False
    ) -> Response:
        """The 401 (407 for `proxy`) that asks `source_host` for credentials. It never depends on the user."""
        response = request.response(407 if proxy else 401)
        name = "Proxy-Authenticate" if proxy else "WWW-Authenticate"
        nonce = self._new_nonce(source_host, now)
        for algorithm in _algorithms_for(request):
            value = f'Digest realm={quote(self.realm)}, nonce="{nonce}", algorithm={algorithm}, qop="auth"'
            response.headers.add(name, f"{value}, stale=true" if stale else value)
        return response

    def read(self, request: Request, *, proxy: bool = False) -> Credentials | None:
        """The credentials for our realm. None where there are none that can be used: challenge (CVE-9)."""
        for value in request.headers.get_all("Proxy-Authorization" if proxy else "Authorization"):
            credentials = _read_credentials(value)
            if credentials is not None and credentials.realm == self.realm:
                return credentials
        return None

    def check(
        self, credentials: Credentials, method: str, password: str | None, source_host: str, now: float
    ) -> Verdict:
        """Whether `credentials` prove `password`. None, for a user that is missing or barred, costs the same time."""
        expected = _response(
            credentials.algorithm,
            username=credentials.username,
            realm=self.realm,
            password=self._nobodys_password if password is None else password,
            method=method,
            uri=credentials.uri,
            nonce=credentials.nonce,
            count_text=credentials.count_text,
            cnonce=credentials.cnonce,
        )
        right = hmac.compare_digest(expected.encode(), credentials.response.lower().encode("utf-8", "surrogateescape"))
        if not right or password is None:
            return Verdict.WRONG
        issued_at = self._issue_time(credentials.nonce, source_host)
        if issued_at is None or not self._is_fresh(issued_at, now):
            return Verdict.STALE
        return self._count_up(credentials, issued_at, now)

    def _is_fresh(self, issued_at: float, now: float) -> bool:
        return issued_at > self._oldest_valid and now - self._lifetime_s <= issued_at <= now

    def _count_up(self, credentials: Credentials, issued_at: float, now: float) -> Verdict:
        _, highest = self._counts.get(credentials.nonce, (issued_at, 0))
        if credentials.count <= highest:
            return Verdict.STALE
        self._forget(now)
        self._counts[credentials.nonce] = (issued_at, credentials.count)
        return Verdict.ACCEPTED

    def _forget(self, now: float) -> None:
        """Drop counts of nonces that have expired; the oldest also where there are too many."""
        while self._counts:
            nonce, (issued_at, _) = next(iter(self._counts.items()))
            if issued_at >= now - self._lifetime_s:
                if len(self._counts) < self._highest_remembered:
                    return
                # Forgetting a count would allow a replay, so everything as old as this nonce goes stale with it.
                self._oldest_valid = max(self._oldest_valid, issued_at)
            del self._counts[nonce]

    def _new_nonce(self, source_host: str, now: float) -> str:
        self._issued += 1
        content = int(now * 1000).to_bytes(8, "big", signed=True) + self._issued.to_bytes(8, "big")
        return urlsafe_b64encode(content + self._sign(content, source_host)).decode()

    def _sign(self, content: bytes, source_host: str) -> bytes:
        return hmac.digest(self._secret, content + source_host.encode(), "sha256")[:16]

    def _issue_time(self, nonce: str, source_host: str) -> float | None:
        """None for a nonce that we did not make for this address."""
        try:
            raw = urlsafe_b64decode(nonce.encode("ascii"))
        except ValueError:
            return None
        content, signature = raw[:16], raw[16:]
        if not hmac.compare_digest(self._sign(content, source_host), signature):
            return None
        return int.from_bytes(content[:8], "big", signed=True) / 1000


def answer_challenge(
    response: Response, method: str, uri: str, username: str, password: str, *, realm: str | None = None, cnonce: str
) -> tuple[str, str] | None:
    """The header field that answers a 401 or 407: its name and its value.

    The first challenge with an algorithm of ours is taken (RFC 8760 2.4). With `realm`, only a challenge of that realm
    is answered, so that nobody can ask for the password of another trunk (CVE-11). None where none suits.
    """
    asked, answered = (
        ("Proxy-Authenticate", "Proxy-Authorization")
        if response.status == 407
        else ("WWW-Authenticate", "Authorization")
    )
    for value in response.headers.get_all(asked):
        challenge = _read_parameters(value)
        if challenge is None or "nonce" not in challenge or "realm" not in challenge:
            continue
        if realm is not None and challenge["realm"] != realm:
            continue
        answer = _answer(challenge, method, uri, username, password, cnonce)
        if answer is not None:
            return answered, answer
    return None


def realm_of(request: Request) -> str | None:
    """The realm whose challenge a request of ours has answered."""
    for name in ("Proxy-Authorization", "Authorization"):
        parameters = _read_parameters(request.headers.get(name) or "")
        if parameters is not None and "realm" in parameters:
            return parameters["realm"]
    return None


def _answer(
    challenge: Mapping[str, str], method: str, uri: str, username: str, password: str, cnonce: str
) -> str | None:
    algorithm = challenge.get("algorithm", "MD5").upper()
    offered = [qop.strip().lower() for qop in challenge.get("qop", "").split(",") if qop.strip()]
    if algorithm not in ALGORITHMS or (offered and "auth" not in offered):
        return None
    count_text = "00000001" if offered else None
    digest = _response(
        algorithm,
        username=username,
        realm=challenge["realm"],
        password=password,
        method=method,
        uri=uri,
        nonce=challenge["nonce"],
        count_text=count_text,
        cnonce=cnonce,
    )
    parts = [
        f"username={quote(username)}",
        f"realm={quote(challenge['realm'])}",
        f"nonce={quote(challenge['nonce'])}",
        f"uri={quote(uri)}",
        f'response="{digest}"',
        f"algorithm={algorithm}",
    ]
    if "opaque" in challenge:
        parts.append(f"opaque={quote(challenge['opaque'])}")
    if offered:
        parts += ["qop=auth", f"nc={count_text}", f'cnonce="{cnonce}"']
    return "Digest " + ", ".join(parts)


def _response(
    algorithm: str,
    *,
    username: str,
    realm: str,
    password: str,
    method: str,
    uri: str,
    nonce: str,
    count_text: str | None,
    cnonce: str,
) -> str:
    """The digest of RFC 7616 3.4.1; without `count_text` that of RFC 2069, for servers that offer no qop."""
    first = _hash(algorithm, f"{username}:{realm}:{password}")
    second = _hash(algorithm, f"{method}:{uri}")
    if count_text is None:
        return _hash(algorithm, f"{first}:{nonce}:{second}")
    return _hash(algorithm, f"{first}:{nonce}:{count_text}:{cnonce}:auth:{second}")


def _algorithms_for(request: Request) -> Collection[str]:
    return ("MD5",) if _KNOWS_MD5_ONLY.match(request.headers.get("User-Agent") or "") else ALGORITHMS


def _hash(algorithm: str, text: str) -> str:
    return ALGORITHMS[algorithm](text.encode("utf-8", "surrogateescape")).hexdigest()


def _read_credentials(value: str) -> Credentials | None:
    """None where a field is missing or malformed, where qop is not `auth`, or where nobody can have that name."""
    parameters = _read_parameters(value)
    if parameters is None or any(name not in parameters for name in _NEEDED):
        return None
    algorithm = parameters.get("algorithm", "MD5").upper()
    count_text = parameters["nc"]
    if algorithm not in ALGORITHMS or parameters["qop"].lower() != "auth" or not _COUNT.fullmatch(count_text):
        return None
    if not parameters["username"].isprintable():
        return None
    return Credentials(
        username=parameters["username"],
        realm=parameters["realm"],
        nonce=parameters["nonce"],
        uri=parameters["uri"],
        response=parameters["response"],
        algorithm=algorithm,
        count=int(count_text, 16),
        count_text=count_text,
        cnonce=parameters["cnonce"],
    )


def _read_parameters(value: str) -> dict[str, str] | None:
    """Parameters of one Digest field, names in lower case, quotes taken off; None for anything else."""
    scheme, _, rest = value.partition(" ")
    if scheme.lower() != "digest":
        return None
    try:
        return parse_digest_parameters(rest.strip(" \t"))
    except SipParseError:
        return None


def parse_digest_parameters(text: str) -> dict[str, str]:
    """`name=value, name="value"` as a mapping. Raises SipParseError where it is malformed or a name comes twice."""
    parameters: dict[str, str] = {}
    position = 0
    while position < len(text):
        match = _PARAMETER.match(text, position)
        if match is None or match[1].lower() in parameters:
            raise SipParseError("digest parameters malformed")
        parameters[match[1].lower()] = unquote(match[2])
        position = match.end()
        comma = _COMMA.match(text, position)
        if comma is None and position < len(text):
            raise SipParseError("digest parameters malformed")
        position = comma.end() if comma else position
    return parameters
