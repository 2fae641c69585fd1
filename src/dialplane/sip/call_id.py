"""The Call-ID of a message in its octets, for who looks on and does not parse."""

import re

_CALL_ID = b"\r\nCall-ID: "
_OTHER_CALL_ID = re.compile(rb"\r\n(?:call-id|i)[ \t]*:[ \t]*([^\r\n]+)", re.IGNORECASE)


def call_id_of(data: bytes) -> bytes:
    """Empty where there is none. The usual spelling is found without a pattern."""
    at = data.find(_CALL_ID)
    if at >= 0:
        begin = at + len(_CALL_ID)
        return data[begin : data.find(b"\r", begin)]
    other = _OTHER_CALL_ID.search(data)
    return other[1].strip() if other else b""
