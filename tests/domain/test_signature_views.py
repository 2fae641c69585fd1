"""Why a signature is refused: one test for each thing that goes wrong on the way of a request (WH-1, WH-2)."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from dialplane.domain.eventing.signature_views import Original, Seen, Verdict, View, view_callback, view_webhook
from dialplane.domain.eventing.webhooks import Endpoint, EndpointKind, new_secret, signed_headers
from dialplane.domain.ids import AccountId, EndpointId
from dialplane.domain.rcml.forms import twilio_signature

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BODY = '{"type":"call_hangup","data":{"name":"Zoë","n":[1,2]}}'
URL = "https://example.com/hook"
ENDPOINT = Endpoint(EndpointId(uuid4()), AccountId(uuid4()), EndpointKind.EXTRA, URL, "POST", new_secret(), NOW)
TOKEN = "12345"
FORM = (
    ("CallSid", "CA1234567890ABCDE"),
    ("Caller", "+14158675309"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
)
CALLBACK_URL = "https://mycompany.com/myapp.php?foo=1&bar=2"


def lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


SENT = Original(URL, "POST", lower(signed_headers(ENDPOINT, "id-1", BODY.encode(), NOW)), BODY)
SEEN = Seen(URL, "POST", SENT.headers, BODY, at=NOW + timedelta(seconds=2))


def view(seen: Seen) -> View:
    return view_webhook(seen, ENDPOINT, [SENT], NOW)


def faults(found: View) -> dict[str, str]:
    return {each.part: each.says for each in found.findings if each.verdict is Verdict.PROBLEM}


def test_request_as_it_was_sent_is_valid_in_every_part() -> None:
    found = view(SEEN)

    assert found.is_valid
    assert {each.verdict for each in found.findings} == {Verdict.OK}


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ("", "empty"),
        (BODY + "\n", "around"),
        ('{"type": "call_hangup", "data": {"name": "Zoë", "n": [1, 2]}}', "written anew"),
        (BODY.encode().decode("latin-1"), "differs from character"),
        (BODY[:20], "differs from character 20"),
        (BODY.replace("1,2", "1,3"), "differs from character"),
    ],
)
def test_changed_body_is_named_with_what_changed_it(body: str, word: str) -> None:
    found = view(replace(SEEN, body=body))

    assert not found.is_valid
    assert word in faults(found)["body"]
    assert set(faults(found)) == {"body", "signature"}


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_missing_and_changed_headers_are_named(name: str) -> None:
    dropped = view(replace(SEEN, headers={k: v for k, v in SENT.headers.items() if k != name}))
    changed = view(replace(SEEN, headers={**SENT.headers, name: "1"}))

    assert "missing" in faults(dropped)[f"header {name}"]
    assert SENT.headers[name] in faults(changed)[f"header {name}"]
    assert not dropped.is_valid
    assert not changed.is_valid


@pytest.mark.parametrize("away", [timedelta(minutes=6), -timedelta(minutes=6)])
def test_clock_beyond_the_tolerance_is_at_fault_though_the_signature_holds(away: timedelta) -> None:
    found = view(replace(SEEN, at=NOW + away))

    assert not found.is_valid
    assert set(faults(found)) == {"clock"}


def test_secrets_are_told_apart() -> None:
    former = new_secret()
    rotating = replace(ENDPOINT, previous_secret=former, previous_secret_until=NOW + timedelta(hours=1))

    def verdict(secret: str) -> Verdict:
        found = view_webhook(replace(SEEN, secret=secret), rotating, [SENT], NOW)
        return next(each.verdict for each in found.findings if each.part == "secret")

    assert verdict(ENDPOINT.secret) is Verdict.OK
    assert verdict(ENDPOINT.secret.removeprefix("whsec_")) is Verdict.OK
    assert verdict(former) is Verdict.WARNING
    assert verdict(f" {ENDPOINT.secret}\n") is Verdict.PROBLEM
    assert verdict(new_secret()) is Verdict.PROBLEM


def test_other_address_does_no_harm_to_a_signature_that_does_not_hold_it() -> None:
    found = view(replace(SEEN, url="http://10.0.0.7:8000/hook"))

    assert found.is_valid
    assert [each.verdict for each in found.findings if each.part == "url"] == [Verdict.WARNING]


def test_voipbin_header_alone_is_checked_by_itself() -> None:
    headers = {"x-voipbin-signature": SENT.headers["x-voipbin-signature"]}

    good = view_webhook(replace(SEEN, headers=headers), ENDPOINT, [SENT], NOW)
    bad = view_webhook(replace(SEEN, headers=headers, body="{}"), ENDPOINT, [SENT], NOW)

    assert (good.scheme, good.is_valid, bad.is_valid) == ("voipbin", True, False)


def callback(**changes: object) -> Seen:
    headers = {
        "x-twilio-signature": "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
        "content-type": "application/x-www-form-urlencoded",
    }
    seen = Seen(CALLBACK_URL, "POST", headers, urlencode(FORM))
    return replace(seen, **changes)  # type: ignore[arg-type]  # a table of fields for tests


def test_twilio_signature_is_that_of_the_twilio_library_s_vector() -> None:
    """WH-2."""
    assert twilio_signature(TOKEN, CALLBACK_URL, FORM) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    assert view_callback(callback(), TOKEN, []).is_valid


@pytest.mark.parametrize(
    ("url", "word"),
    [
        (CALLBACK_URL.replace("https", "http"), "scheme"),
        (CALLBACK_URL.replace(".com", ".com:443"), "port"),
        (CALLBACK_URL.replace("myapp.php", "myapp.php/"), "path"),
    ],
)
def test_address_that_a_proxy_changed_is_named_with_its_part(url: str, word: str) -> None:
    """WH-2: what breaks most checks."""
    found = view_callback(callback(url=url), TOKEN, [])

    assert not found.is_valid
    assert word in faults(found)["url"]
    assert CALLBACK_URL in faults(found)["url"]


def test_inner_host_of_a_proxy_is_found_by_the_address_that_was_asked_for() -> None:
    sent = Original(CALLBACK_URL, "POST", {}, urlencode(FORM))

    found = view_callback(callback(url="http://app:3000/myapp.php?foo=1&bar=2"), TOKEN, [sent])

    assert "'app' seen, 'mycompany.com' sent" in faults(found)["url"]


def test_parameters_that_were_dropped_or_changed_are_named() -> None:
    sent = Original(CALLBACK_URL, "POST", {}, urlencode(FORM))
    changed = [("Digits", "1234 "), *FORM[:2], *FORM[3:4]]

    found = view_callback(callback(body=urlencode(changed)), TOKEN, [sent])

    assert faults(found)["body"] == "parameters missing: To; of another value: Digits"


@pytest.mark.parametrize("body", ['{"a": 1}', '{"a": 2}'])
def test_json_body_is_held_against_the_hash_in_the_address(body: str) -> None:
    """WH-2: JSON bodies add bodySHA256 to the address."""
    url = "https://example.com/?bodySHA256=" + hashlib.sha256(b'{"a": 1}').hexdigest()
    headers = {"x-twilio-signature": twilio_signature(TOKEN, url), "content-type": "application/json"}

    found = view_callback(Seen(url, "POST", headers, body), TOKEN, [])

    assert found.is_valid is (body == '{"a": 1}')
