"""The hook's address in the document's spelling, and answers of its receivers."""

import pytest

from dialplane.domain.eventing.webhooks import Reply
from dialplane.domain.messaging.message_hooks import hook_url, read_answer


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("https://example.com/incomingsms:443", "https://example.com:443/incomingsms"),
        ("http://example.com/a/b:8080?key=1", "http://example.com:8080/a/b?key=1"),
        ("http://[2001:db8::1]/sms:8080", "http://[2001:db8::1]:8080/sms"),
        ("https://example.com:8443/incomingsms:443", "https://example.com:8443/incomingsms:443"),
        ("https://example.com:8443/incomingsms", "https://example.com:8443/incomingsms"),
        ("https://example.com/incomingsms", "https://example.com/incomingsms"),
        ("https://example.com/v1/messages:send", "https://example.com/v1/messages:send"),
        ("https://example.com", "https://example.com"),
    ],
)
def test_port_at_the_end_is_moved_to_its_place(written: str, meant: str) -> None:
    assert hook_url(written) == meant


@pytest.mark.parametrize(
    ("status", "head", "succeeds"),
    [
        (200, '{"status": "Success", "resp": {" x ": "DELIVRD"}, "code": 200}', True),
        (202, '{"code": 202}', True),
        (200, '{"code": 500}', False),
        (200, '{"code": true}', True),
        (200, '{"code": 200, "resp": {"a": "DELIVRD", "b": " undeliv "}}', False),
        (200, '{"code": 200, "resp": {"a": "ACCEPTD"}}', True),
        (200, '{"code": 200, "resp": ["REJECTD"]}', True),
        (200, '{"code": "200"}', True),
        (200, "[]", True),
        (200, "OK", True),
        (200, "", True),
        (200, '{"a":' + "[" * 1018, True),
        (404, '{"code": 200}', False),
        (None, "", False),
    ],
)
def test_answer_is_judged_by_status_and_body(status: int | None, head: str, succeeds: bool) -> None:
    assert read_answer(Reply(status, "", head)).is_success is succeeds
