"""A number that forwards its calls, as the one action that it runs (VoxCPaaS, sections 3.4 a to e)."""

import re

from dialplane.domain.addresses import Address, is_tel
from dialplane.domain.errors import Invalid
from dialplane.domain.numbering.targets import ForwardTarget

HIGHEST_PORT = 65535

_SERVER = re.compile(
    r"(?:sips?:)?(?P<user>[A-Za-z0-9._+-]{1,64}@)?"
    r"(?P<host>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9](?:[A-Za-z0-9.-]{0,180}[A-Za-z0-9])?)(?::(?P<port>[0-9]{1,5}))?"
)


def read_sip_server(text: str, port: str = "", *, field: str, port_field: str = "") -> str:
    """`user@host:port` of a SIP server, as a target keeps it; user and port may be left out, or the port be given
    beside it. Raises Invalid naming the field."""
    found = _SERVER.fullmatch(text)
    if found is None:
        raise Invalid(f"{field} is the server's address, such as 192.0.2.1:5060", field=field)
    user, host, given = found["user"] or "", found["host"], found["port"] or port
    if not given:
        return f"{user}{host}"
    if not (given.isascii() and given.isdigit() and 0 < int(given[:6]) <= HIGHEST_PORT):
        wrong = field if found["port"] else port_field or field
        raise Invalid(f"{wrong}: a port is 1 to {HIGHEST_PORT}", field=wrong)
    return f"{user}{host}:{int(given)}"


def forward_action(target: ForwardTarget, *, caller: Address, dialled: str) -> dict[str, object]:
    """Dial where the number forwards to, ringing early, and hang up for the reason that the far side gives.

    A PSTN number is called from the number that was dialled: that is the document's number masking. App users and SIP
    servers are shown who calls. A SIP server that is given without a user is asked for the number that was dialled.
    """
    option: dict[str, object] = {"early_media": True, "relay_reason": True}
    if target.pstn:
        option["destinations"] = [{"type": "tel", "target": target.pstn}]
        return {"type": "connect", "option": option}
    if target.sip:
        where = target.sip if "@" in target.sip else f"{dialled}@{target.sip}"
        option["destinations"] = [{"type": "sip", "target": where}]
    else:
        option["destinations"] = [{"type": "extension", "target": user} for user in target.users]
    if caller.type == "extension":
        option["source"] = {"type": "extension", "target": caller.target, "target_name": caller.target_name}
    elif is_tel(caller.target):  # else a name or nothing: what a stranger wrote there goes no further
        option["source"] = {"type": "tel", "target": caller.target}
    return {"type": "connect", "option": option}
