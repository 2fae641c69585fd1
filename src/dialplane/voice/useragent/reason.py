"""The Reason field of RFC 3326: why one side ends a call, in its own words."""

from dialplane.sip.errors import SipParseError
from dialplane.sip.grammar import parse_parameters, unquote
from dialplane.sip.message import Message

HIGHEST_CAUSE = 127
MAX_TEXT = 200


def reason_of(message: Message) -> tuple[int, str]:
    """The Q.850 cause and the text of the first Reason value that has them; 0 and an empty text without."""
    try:
        values = message.headers.split_values("Reason")
        reasons = [_parse(value) for value in values]
    except SipParseError:
        return 0, ""
    cause = next((cause for cause, _ in reasons if cause), 0)
    return cause, next((text for _, text in reasons if text), "")


def reason_field(status: int, text: str) -> str:
    """Our own: the SIP status that we mean, and why, on one line."""
    words = " ".join(text.split()).replace("\\", "").replace('"', "'")
    return f'SIP;cause={status};text="{words[:MAX_TEXT]}"'


def _parse(value: str) -> tuple[int, str]:
    protocol, semicolon, rest = value.partition(";")
    parameters = parse_parameters(semicolon + rest)
    cause = parameters.get("cause") or ""
    is_q850 = protocol.strip().upper() == "Q.850" and cause.isascii() and cause.isdigit() and len(cause) <= 3
    number = int(cause) if is_q850 else 0
    return number if number <= HIGHEST_CAUSE else 0, unquote(parameters.get("text") or "")
