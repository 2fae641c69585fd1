"""Why a receiver's check of a signature fails: what the receiver saw, beside what was sent (WH-1, WH-2).

A view names the part that is at fault (a header, the address, the body, the clock, the secret) and what to do. It works
on what a person can copy out of a receiver's log, so everything may be missing.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from dialplane.domain.eventing.webhooks import Endpoint, standard_signature, voipbin_signature
from dialplane.domain.rcml.forms import SIGNATURE, twilio_signature

TOLERANCE = timedelta(minutes=5)
"""How old a timestamp receivers take: what Standard Webhooks' own libraries allow, either way."""

ID, TIMESTAMP, STANDARD, VOIPBIN = "webhook-id", "webhook-timestamp", "webhook-signature", "x-voipbin-signature"
TWILIO = SIGNATURE.lower()
TWILIO_ID = "i-twilio-idempotency-token"
_PORTS = {"http": 80, "https": 443}
_SHOWN = 24
"""Octets shown on either side of the first difference."""


class Verdict(StrEnum):
    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One part of the request: `header webhook-id`, `url`, `body`, `clock`, `secret`, `signature`."""

    part: str
    verdict: Verdict
    says: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as its receiver saw it. Names of `headers` are in lower case; what is not known is empty."""

    url: str
    method: str
    headers: Mapping[str, str]
    body: str
    secret: str = field(default="", repr=False)
    """What the receiver checks with."""
    at: datetime | None = None
    """The receiver's clock at that moment."""

    @property
    def form(self) -> list[tuple[str, str]]:
        """The parameters that Twilio's way signs beside the address."""
        is_form = "form-urlencoded" in self.headers.get("content-type", "") and self.method != "GET"
        return parse_qsl(self.body, keep_blank_values=True) if is_form else []


@dataclass(frozen=True, slots=True)
class Original:
    """One attempt as it was sent; names of `headers` in lower case."""

    url: str
    method: str
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True, slots=True)
class View:
    """What was found. `is_valid`: a right check of what was seen succeeds."""

    scheme: str
    is_valid: bool
    findings: tuple[Finding, ...]


def scheme_of(headers: Mapping[str, str]) -> str:
    """Which way of signing the headers speak of: `twilio`, `standard`, `voipbin`."""
    if TWILIO in headers or TWILIO_ID in headers:
        return "twilio"
    if VOIPBIN in headers and not {STANDARD, ID, TIMESTAMP} & headers.keys():
        return "voipbin"
    return "standard"


def view_webhook(seen: Seen, endpoint: Endpoint, sent: Sequence[Original], now: datetime) -> View:
    """A webhook or message hook: Standard Webhooks, or VoIPBIN's own header where only that one came.

    `sent` are the attempts of the event at this endpoint, oldest first; empty where none is known.
    """
    scheme = scheme_of(seen.headers)
    original = _attempt_of(seen, sent)
    secrets = endpoint.secrets(now)
    good = _voipbin_holds(seen, secrets) if scheme == "voipbin" else _standard_holds(seen, secrets)
    findings = [
        *([] if scheme == "voipbin" else _headers(seen, sent)),
        *_clock(seen),
        *([_body(seen.body, original.body)] if original else []),
        *_secret(seen.secret, endpoint),
        *([_unsigned_url(seen, original)] if original and seen.url else []),
        _signature(seen, good, VOIPBIN if scheme == "voipbin" else STANDARD),
    ]
    late = any(each.part == "clock" and each.verdict is Verdict.PROBLEM for each in findings)
    return View(scheme, good and not late, tuple(findings))


def view_callback(seen: Seen, token: str, sent: Sequence[Original]) -> View:
    """A status callback, or a request for a document: Twilio's way, which signs the address too."""
    given = seen.headers.get(TWILIO, "")
    if not given:
        says = f"{SIGNATURE} is missing"
        return View("twilio", False, (Finding(f"header {TWILIO}", Verdict.PROBLEM, says, _DROPPED),))
    good = twilio_signature(token, seen.url, seen.form) == given
    findings = [_body_hash(seen)] if "bodySHA256=" in seen.url else []
    findings += _secret_is(seen.secret, token, "the account's auth token") if seen.secret else []
    if not good:
        findings += _twilio_fault(seen, token, given, sent)
    findings.append(_signature(seen, good, SIGNATURE))
    broken = any(each.part == "body" and each.verdict is Verdict.PROBLEM for each in findings)
    return View("twilio", good and not broken, tuple(findings))


# --- headers and clock ---

_DROPPED = "A proxy or gateway on the way drops headers that it does not know; let it pass them on."


def _headers(seen: Seen, sent: Sequence[Original]) -> list[Finding]:
    found = []
    for name in (ID, TIMESTAMP, STANDARD):
        value = seen.headers.get(name, "")
        known = [original.headers.get(name, "") for original in sent]
        if not value:
            found.append(Finding(f"header {name}", Verdict.PROBLEM, f"{name} is missing", _DROPPED))
        elif known and value not in known:
            says = f"{name} is {value[:200]}, but {_listed(known)} was sent"
            found.append(Finding(f"header {name}", Verdict.PROBLEM, says, "Something on the way changes the header."))
        else:
            found.append(Finding(f"header {name}", Verdict.OK, f"{name} {'is as it was sent' if known else 'came'}"))
    return found


def _listed(values: Sequence[str]) -> str:
    return " or ".join(dict.fromkeys(values))[:600]


def _clock(seen: Seen) -> list[Finding]:
    stamp = seen.headers.get(TIMESTAMP, "")
    if seen.at is None or not stamp:
        return []
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 11):
        advice = "It is a count of seconds since 1970; nothing else may be made of it."
        return [Finding("clock", Verdict.PROBLEM, f"{TIMESTAMP} is no time: {stamp[:40]}", advice)]
    away = seen.at - datetime.fromtimestamp(int(stamp), UTC)
    if abs(away) <= TOLERANCE:
        return [Finding("clock", Verdict.OK, f"the receiver's clock was {_span(away)} the timestamp")]
    advice = (
        "Set the receiver's clock (NTP), and check when the request comes in, not when it is worked on later."
        if away > timedelta(0)
        else "Set the receiver's clock (NTP): it is behind."
    )
    says = f"the receiver's clock was {_span(away)} the timestamp; libraries allow {int(TOLERANCE.total_seconds())} s"
    return [Finding("clock", Verdict.PROBLEM, says, advice)]


def _span(away: timedelta) -> str:
    return f"{abs(away.total_seconds()):.0f} s {'after' if away >= timedelta(0) else 'before'}"


# --- body ---


def _body(seen: str, sent: str) -> Finding:
    """What became of the body on its way into the check."""
    if seen == sent:
        return Finding("body", Verdict.OK, "the body is as it was sent")
    says, advice = _body_fault(seen, sent)
    return Finding("body", Verdict.PROBLEM, says, advice)


def _body_fault(seen: str, sent: str) -> tuple[str, str]:
    if not seen:
        return "the body is empty", "Something read it before the check: take the raw body first, then parse it."
    if seen.strip() == sent.strip():
        return "blanks or line ends around the body differ", "Check the octets as they came, without trimming."
    if (parsed := _parsed(seen)) is not None and parsed == _parsed(sent):
        return (
            "the body has the same data, but was written anew (other blanks, order or escapes)",
            "The signature is over the raw octets: check them before parsing, not JSON that was parsed and dumped.",
        )
    at = next((n for n, (ours, theirs) in enumerate(zip(sent, seen, strict=False)) if ours != theirs), None)
    at = min(len(sent), len(seen)) if at is None else at
    begin = max(0, at - _SHOWN)
    says = (
        f"the body differs from character {at} on: sent …{sent[begin : at + _SHOWN]!r}…, "
        f"seen …{seen[begin : at + _SHOWN]!r}… ({len(sent)} and {len(seen)} characters)"
    )
    if _as_latin(sent) == seen:
        return says, "It was read as Latin-1: it is UTF-8."
    if sent.startswith(seen):
        return says, "It was cut off: a limit of the receiver's, or its log's, is shorter than the body."
    return says, "Something on the way, or in the receiver, changes the body."


def _parsed(text: str) -> object:
    """The JSON; None where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _as_latin(text: str) -> str:
    return text.encode().decode("latin-1")


def _body_hash(seen: Seen) -> Finding:
    """A JSON body is in Twilio's signature by its hash in the address (WH-2)."""
    hashes = [value for name, value in parse_qsl(urlsplit(seen.url).query) if name == "bodySHA256"]
    if hashes == [hashlib.sha256(seen.body.encode()).hexdigest()]:
        return Finding("body", Verdict.OK, "the body has the hash that bodySHA256 in the address says")
    advice = "Hash the raw octets, before anything parses them."
    return Finding("body", Verdict.PROBLEM, "the body has another hash than bodySHA256 in the address says", advice)


# --- secret ---


def _secret(given: str, endpoint: Endpoint) -> list[Finding]:
    if not given:
        return []
    if given.strip() == endpoint.previous_secret:
        until = endpoint.previous_secret_until
        says = f"this is the former secret; it signs beside the new one until {until:%Y-%m-%d %H:%M} UTC"
        return [Finding("secret", Verdict.WARNING, says, "Put the new secret into the receiver before then.")]
    return _secret_is(given, endpoint.secret, "the endpoint's secret")


def _secret_is(given: str, wanted: str, name: str) -> list[Finding]:
    if given == wanted:
        return [Finding("secret", Verdict.OK, f"it is {name}")]
    if given.strip() == wanted:
        return [Finding("secret", Verdict.PROBLEM, f"it is {name} with blanks around it", "Take the blanks away.")]
    if given.strip() == wanted.removeprefix("whsec_"):
        return [Finding("secret", Verdict.OK, f"it is {name} without its prefix, which libraries of the standard take")]
    return [Finding("secret", Verdict.PROBLEM, f"it is not {name}", f"Copy {name} from its page or the API.")]


# --- address ---


def _unsigned_url(seen: Seen, original: Original) -> Finding:
    difference = _url_difference(seen.url, original.url)
    if not difference:
        return Finding("url", Verdict.OK, "the address is as it was asked for")
    says = f"the address was asked for otherwise: {difference}"
    return Finding("url", Verdict.WARNING, says, "This signature is not over the address; the difference does no harm.")


def _url_difference(seen: str, sent: str) -> str:
    """In which part they differ; empty: in none."""
    theirs, ours = urlsplit(seen), urlsplit(sent)
    parts = [
        ("scheme", theirs.scheme, ours.scheme),
        ("host", (theirs.hostname or ""), (ours.hostname or "")),
        ("port", str(_port(theirs.netloc)), str(_port(ours.netloc))),
        ("path", theirs.path, ours.path),
        ("query", theirs.query, ours.query),
    ]
    return "; ".join(f"{name} {was or 'none'!r} seen, {is_!r} sent" for name, was, is_ in parts if was != is_)


def _port(netloc: str) -> str:
    return netloc.rpartition(":")[2] if netloc.rpartition("]")[2].count(":") else ""


def _twilio_fault(seen: Seen, token: str, given: str, sent: Sequence[Original]) -> list[Finding]:
    for url in _variants(seen.url, sent):
        if twilio_signature(token, url, seen.form) == given:
            says = f"the signature is over {url}: {_url_difference(seen.url, url)}"
            return [Finding("url", Verdict.PROBLEM, says, _URL_ADVICE)]
    for original in sent:
        form = sorted(set(parse_qsl(original.body, keep_blank_values=True)))
        if form != sorted(set(seen.form)):
            return [Finding("body", Verdict.PROBLEM, _form_difference(seen.form, form), _FORM_ADVICE)]
    says = "neither the address nor its usual variants give this signature"
    advice = "Check the auth token, and that every parameter of the body is in the check, none decoded twice."
    return [Finding("url", Verdict.WARNING, says, advice)]


_URL_ADVICE = (
    "The check must use the address as it is configured here. Behind a proxy or tunnel, take the scheme and host from "
    "X-Forwarded-Proto and X-Forwarded-Host of a proxy that you trust, or write the public address into the settings."
)
_FORM_ADVICE = "The check is over all parameters of the body, decoded once, empty ones too."


def _form_difference(seen: Sequence[tuple[str, str]], sent: Sequence[tuple[str, str]]) -> str:
    missing = sorted({name for name, _ in sent} - {name for name, _ in seen})
    added = sorted({name for name, _ in seen} - {name for name, _ in sent})
    others = sorted({name for name, value in set(sent) - set(seen)} - set(missing))
    told = [("missing", missing), ("not sent", added), ("of another value", others)]
    return "parameters " + "; ".join(f"{word}: {', '.join(names)}"[:300] for word, names in told if names)


def _variants(url: str, sent: Sequence[Original]) -> list[str]:
    """The addresses that what was seen may stand for: as it was asked for, then as proxies change addresses."""
    parts = urlsplit(url)
    hosts = [parts.netloc, *(urlsplit(original.url).netloc for original in sent)]
    found = [original.url for original in sent]
    for scheme in ("https", "http"):
        for host in hosts:
            bare = host.removesuffix(f":{_PORTS[scheme]}")
            for netloc in (host, bare, f"{bare}:{_PORTS[scheme]}"):
                for path in (parts.path, parts.path.rstrip("/"), parts.path + "/"):
                    for query in (parts.query, parts.query.replace("%20", "+"), parts.query.replace("+", "%20"), ""):
                        found.append(urlunsplit((scheme, netloc, path, query, "")))
    return list(dict.fromkeys(found))


# --- signatures ---


def _standard_holds(seen: Seen, secrets: Sequence[str]) -> bool:
    stamp, given = seen.headers.get(TIMESTAMP, ""), seen.headers.get(STANDARD, "").split(" ")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 20):
        return False
    message_id, body = seen.headers.get(ID, ""), seen.body.encode("utf-8", "surrogatepass")
    return any(standard_signature(secret, message_id, int(stamp), body) in given for secret in secrets)


def _voipbin_holds(seen: Seen, secrets: Sequence[str]) -> bool:
    body = seen.body.encode("utf-8", "surrogatepass")
    return any(voipbin_signature(secret, body) == seen.headers.get(VOIPBIN) for secret in secrets)


def _signature(seen: Seen, is_good: bool, name: str) -> Finding:
    if is_good:
        return Finding("signature", Verdict.OK, f"{name} holds over what was seen")
    says = f"{name} does not hold over what was seen"
    advice = "See the other parts; where they are all right, the secret is not."
    return Finding("signature", Verdict.PROBLEM, says, advice)


def _attempt_of(seen: Seen, sent: Sequence[Original]) -> Original | None:
    """The attempt that it was: by its timestamp, else the last one."""
    stamp = seen.headers.get(TIMESTAMP)
    same = [original for original in sent if original.headers.get(TIMESTAMP) == stamp]
    if same:
        return same[-1]
    return sent[-1] if sent else None
