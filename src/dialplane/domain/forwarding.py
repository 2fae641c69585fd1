"""A number that forwards its calls, as the one action that it runs (VoxCPaaS, sections 3.4 a to e)."""

from dialplane.domain.addresses import Address, is_tel
from dialplane.domain.targets import ForwardTarget


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
