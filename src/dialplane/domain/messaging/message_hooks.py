"""Message hooks: an inbound message in VoxCPaaS's shape, and what its receiver's answer means (3.3 of the document).

The document's receiver answers `{"status": "Success", "resp": {"<message id>": "DELIVRD"}, "code": 200}`.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit, urlunsplit

from dialplane.domain.eventing.webhooks import Reply
from dialplane.domain.numbering.targets import HookTarget

_PORT_BEHIND_PATH = re.compile(r"(?P<path>/.*):(?P<port>[0-9]{1,5})")

_NOT_TAKEN = frozenset({"UNDELIV", "REJECTD", "EXPIRED", "DELETED", "FAILED"})
"""Short messages' own words (SMPP 3.4 appendix B) for what did not arrive; any other word is taken for good."""


def hook_fields(
    target: HookTarget, *, source: str, destination: str, text: str, medias: tuple[str, ...]
) -> dict[str, object]:
    """The parameters of Table 6 in the order of the example. `media` is ours, and there only where there is some."""
    fields: dict[str, object] = {
        "request": target.token,
        "source": source,
        "destination": destination,
        "message": text,
    }
    return fields | {"media": list(medias)} if medias else fields


def hook_url(url: str) -> str:
    """The address to send to. The document writes the port at the end: `https://example.com/incomingsms:443` is
    port 443. A port in its usual place counts instead."""
    parts = urlsplit(url)
    found = _PORT_BEHIND_PATH.fullmatch(parts.path)
    if found is None or re.search(r":[0-9]*$", parts.netloc):
        return url
    return urlunsplit(parts._replace(netloc=f"{parts.netloc}:{found['port']}", path=found["path"]))


def read_answer(reply: Reply) -> Reply:
    """The reply, rejected where its body says that the message was not taken, whatever its HTTP status says.

    A body that is not of the document's shape says nothing.
    """
    if not reply.is_success:
        return reply
    try:
        answer = json.loads(reply.head)
    except (ValueError, RecursionError):
        return reply
    complaint = _complaint(answer) if isinstance(answer, Mapping) else ""
    return replace(reply, rejected=True, error=complaint) if complaint else reply


def _complaint(answer: Mapping[str, object]) -> str:
    code, resp = answer.get("code"), answer.get("resp")
    if isinstance(code, int) and not isinstance(code, bool) and not 200 <= code < 300:
        return f"the receiver answered code {code}"
    for state in resp.values() if isinstance(resp, Mapping) else ():
        if isinstance(state, str) and state.strip().upper() in _NOT_TAKEN:
            return f"the receiver answered {state.strip()}"
    return ""
