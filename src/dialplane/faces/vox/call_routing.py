"""`/api/callrouting`: where a purchased number's calls go (sections 3.4 and 3.5 a of the document).

The document shows the PSTN number (`pstn_number`). App users (`users`) and the SIP server (`sip_server`, `sip_port`),
which its portal sets, are set here as well, each in place of what was set before, as the portal has them.
"""

from litestar import delete, post

from dialplane.domain.addresses import normalize_tel
from dialplane.domain.errors import Invalid
from dialplane.domain.numbering.forwarding import read_sip_server
from dialplane.domain.numbering.targets import ForwardTarget
from dialplane.faces.vox.request import VoxRequest
from dialplane.services.numbering.numbers import set_voice_target

CALL_FORWARD = "3"
"""The static `calltype` of the document."""

MOST_USERS = 50
LONGEST_NAME = 255

DONE: dict[str, object] = {"data": {"code": 200, "message": "User deleted"}}
"""What the document prints for every change, odd as it reads: clients compare with it."""


@post("/callrouting", status_code=200)
async def set_call_routing(request: VoxRequest) -> dict[str, object]:
    """Forward the number's calls; the next call follows it. To change it is the same request."""
    spellings = request.spellings("number")
    if request.fields.need("calltype") != CALL_FORWARD:
        raise Invalid(f"calltype is {CALL_FORWARD} (Call Forward)", field="calltype")
    await set_voice_target(request.database, request.account_id, spellings, _read_forward(request), request.now)
    return DONE


@delete("/callrouting", status_code=200)
async def remove_call_routing(request: VoxRequest) -> dict[str, object]:
    """Forward the number's calls nowhere, as the portal's delete button does."""
    await set_voice_target(request.database, request.account_id, request.spellings("number"), None, request.now)
    return DONE


def _read_forward(request: VoxRequest) -> ForwardTarget:
    fields = request.fields
    given = [name for name in ("pstn_number", "users", "sip_server") if fields.get(name)]
    if len(given) > 1:
        raise Invalid(f"{' and '.join(given)} exclude each other", field=given[1])
    match given:
        case ["users"]:
            return ForwardTarget(users=_read_users(fields.get("users")))
        case ["sip_server"]:
            return ForwardTarget(
                sip=read_sip_server(
                    fields.get("sip_server"), fields.get("sip_port"), field="sip_server", port_field="sip_port"
                )
            )
        case _:
            return ForwardTarget(pstn=normalize_tel(request.spellings("pstn_number")[0], field="pstn_number"))


def _read_users(text: str) -> tuple[str, ...]:
    """App usernames, apart by commas; all of them ring."""
    users = tuple(dict.fromkeys(name for part in text.split(",") if (name := part.strip())))
    if not 1 <= len(users) <= MOST_USERS or any(len(name) > LONGEST_NAME for name in users):
        raise Invalid(f"users are 1 to {MOST_USERS} names of at most {LONGEST_NAME} characters", field="users")
    return users
