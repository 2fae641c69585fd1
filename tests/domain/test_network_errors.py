"""Networks' errors in Twilio's catalogue and back (Restcomm reference section 7)."""

import pytest

from dialplane.domain.messaging.network_errors import code_of, error_of


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("001", 30005), ("002", 30005), ("003", 30005), ("004", 30004), ("005", 30004), ("007", 30004),
        ("008", 30003), ("010", 30006), ("231", 30007), ("006", 30008), ("", 30008), ("abc", 30008),
    ],
)  # fmt: skip
def test_error_of_a_network_has_its_code(error: str, code: int) -> None:
    assert code_of(error) == code


@pytest.mark.parametrize("code", [30003, 30004, 30005, 30006, 30007, 30008])
def test_error_that_we_report_is_read_as_what_it_was(code: int) -> None:
    assert code_of(f"{error_of(code):03}") == code


def test_what_arrived_has_no_error() -> None:
    assert error_of(0) == 0
