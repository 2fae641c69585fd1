"""Why a message did not arrive: the networks' errors of three digits, as receipts by SMPP have them, and the same in
Twilio's catalogue (Restcomm reference section 7)."""

UNREACHABLE, BLOCKED, UNKNOWN_HANDSET, LANDLINE, CARRIER, UNKNOWN = 30003, 30004, 30005, 30006, 30007, 30008
_BY_ERROR = {
    **dict.fromkeys(("001", "002", "003"), UNKNOWN_HANDSET),
    **dict.fromkeys(("004", "005", "007"), BLOCKED),
    "008": UNREACHABLE,
    "010": LANDLINE,
    "231": CARRIER,
}
_FIRST = {code: int(error) for error, code in reversed(_BY_ERROR.items())}
_ANY_OTHER = 255


def code_of(error: str) -> int:
    """In Twilio's catalogue."""
    return _BY_ERROR.get(error, UNKNOWN)


def error_of(code: int) -> int:
    """What is read as the code where receipts are read as ours are; 0: nothing went wrong."""
    return _FIRST.get(code, _ANY_OTHER) if code else 0
