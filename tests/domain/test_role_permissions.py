"""Restcomm's permissions: `RestComm:Create:IncomingPhoneNumbers`."""

import pytest

from dialplane.domain.errors import Invalid
from dialplane.domain.identity.role_permissions import Action, RolePermission


@pytest.mark.parametrize(
    ("granted", "action", "resource", "is_covered"),
    [
        ("RestComm:Create:IncomingPhoneNumbers", Action.CREATE, "IncomingPhoneNumbers", True),
        ("RestComm:Create:IncomingPhoneNumbers", Action.DELETE, "IncomingPhoneNumbers", False),
        ("RestComm:Create:IncomingPhoneNumbers", Action.CREATE, "Applications", False),
        ("RestComm:Create,Read:Applications", Action.READ, "Applications", True),
        ("RestComm:*:Applications", Action.MODIFY, "Applications", True),
        ("RestComm:Read:*", Action.READ, "Usage", True),
        ("RestComm:*:*", Action.DELETE, "Accounts", True),
    ],
)
def test_permission_covers_what_it_names(granted: str, action: Action, resource: str, is_covered: bool) -> None:
    permission = RolePermission.parse(granted)

    assert permission.covers(action, resource) is is_covered
    assert str(permission) == granted


@pytest.mark.parametrize(
    "text",
    ["", "RestComm", "RestComm:Create", "RestComm:Create:", "RestComm:Sing:Calls", "Other:Read:Calls", "a" * 9999],
)
def test_anything_else_is_no_permission(text: str) -> None:
    with pytest.raises(Invalid):
        RolePermission.parse(text)
