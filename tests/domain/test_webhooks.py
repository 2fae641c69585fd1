"""Signatures, the schedule of attempts, and what a batch of attempts says about an endpoint."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from dialplane.domain.eventing.webhooks import (
    BREAKER_PAUSE,
    DeliveryStatus,
    Endpoint,
    EndpointKind,
    EndpointOutcome,
    Outcome,
    Reply,
    judge,
    judge_endpoints,
    new_secret,
    next_attempt,
    signed_headers,
    standard_signature,
    voipbin_signature,
)
from dialplane.domain.ids import AccountId, DeliveryId, EndpointId

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _endpoint(**changes: object) -> Endpoint:
    fields: dict[str, object] = {
        "id": EndpointId(uuid4()),
        "account_id": AccountId(uuid4()),
        "kind": EndpointKind.CUSTOMER,
        "url": "https://example.com/",
        "method": "POST",
        "secret": new_secret(),
        "created_at": NOW,
    }
    return Endpoint(**(fields | changes))  # type: ignore[arg-type]  # a table of fields for tests


def test_signature_is_that_of_the_standard_webhooks_vector() -> None:
    """WH-1."""
    signature = standard_signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )

    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_voipbin_signature_is_the_hex_hmac_of_the_raw_body() -> None:
    expected = hmac.new(b"whsec_abc", b"body", hashlib.sha256).hexdigest()

    assert voipbin_signature("whsec_abc", b"body") == f"sha256={expected}"


def test_both_secrets_sign_while_one_rotates_and_only_the_new_one_after() -> None:
    """WH-1."""
    old, new = new_secret(), new_secret()
    endpoint = _endpoint(secret=new, previous_secret=old, previous_secret_until=NOW + timedelta(hours=24))
    at = int(NOW.timestamp())

    during = signed_headers(endpoint, "id", b"{}", NOW)
    after = signed_headers(endpoint, "id", b"{}", NOW + timedelta(hours=24))

    assert during["webhook-signature"].split(" ") == [
        standard_signature(new, "id", at, b"{}"),
        standard_signature(old, "id", at, b"{}"),
    ]
    assert after["webhook-signature"] == standard_signature(new, "id", at + 86400, b"{}")
    assert during["webhook-id"] == after["webhook-id"] == "id"


def test_schedule_of_attempts_is_the_standard_one() -> None:
    """WH-4."""
    pauses = [next_attempt(n, "", NOW, spread=0.0) for n in range(1, 11)]

    seconds = [None if at is None else (at - NOW).total_seconds() for at in pauses]
    assert seconds == [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400, None]
    assert sum(second for second in seconds if second) == pytest.approx(75 * 3600, rel=0.01)


def test_jitter_is_a_fifth_either_way() -> None:
    """WH-4."""
    assert next_attempt(2, "", NOW, spread=1.0) == NOW + timedelta(seconds=360)
    assert next_attempt(2, "", NOW, spread=-1.0) == NOW + timedelta(seconds=240)
    for _ in range(100):
        at = next_attempt(2, "", NOW)
        assert at is not None
        assert timedelta(seconds=240) <= at - NOW <= timedelta(seconds=360)


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        ("120", 120), ("2", 5), ("", 5), ("soon", 5), ("-5", 5), ("99999999999999", 86400), ("²", 5),
        ("Sun, 01 Mar 2026 12:10:00 GMT", 600), ("Sun, 01 Mar 2020 12:10:00 GMT", 5),
    ],
)  # fmt: skip
def test_retry_after_lengthens_the_pause_and_never_shortens_it(retry_after: str, seconds: int) -> None:
    """WH-4."""
    assert next_attempt(1, retry_after, NOW, spread=0.0) == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 429, 500, 503, None])
def test_anything_but_2xx_is_tried_again(status: int | None) -> None:
    """WH-4."""
    assert judge(1, Reply(status, ""), NOW)[0] is DeliveryStatus.PENDING


def test_2xx_is_delivered_410_is_given_up_and_so_is_the_tenth_failure() -> None:
    """WH-4."""
    assert judge(1, Reply(204, ""), NOW) == (DeliveryStatus.DELIVERED, NOW)
    assert judge(1, Reply(410, ""), NOW) == (DeliveryStatus.FAILED, NOW)
    assert judge(10, Reply(500, ""), NOW) == (DeliveryStatus.FAILED, NOW)


def test_failures_of_a_batch_count_from_its_last_success() -> None:
    """WH-6."""
    first, second = EndpointId(uuid4()), EndpointId(uuid4())

    def outcome(endpoint_id: EndpointId, status: int) -> Outcome:
        return Outcome(1, DeliveryId(uuid4()), endpoint_id, DeliveryStatus.PENDING, NOW, NOW, Reply(status, ""))

    batch = [outcome(first, 500), outcome(second, 500), outcome(first, 200), outcome(first, 500), outcome(second, 410)]

    assert judge_endpoints(batch, NOW) == [
        EndpointOutcome(first, succeeded=True, failures=1, gone=False, open_until=NOW + BREAKER_PAUSE),
        EndpointOutcome(second, succeeded=False, failures=2, gone=True, open_until=NOW + BREAKER_PAUSE),
    ]


def test_secret_stays_out_of_the_representation() -> None:
    endpoint = _endpoint()

    assert endpoint.secret not in repr(endpoint)
