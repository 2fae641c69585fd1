"""Routes of pages and of what their forms do, with who may come in beside each."""

from collections.abc import Callable
from enum import StrEnum

from litestar import get, post
from litestar.enums import MediaType
from litestar.handlers import HTTPRouteHandler
from litestar.types import AsyncAnyCallable

from dialplane.domain.identity.people import Deed

ACCESS, DEED, NOTED = "access", "deed", "noted"


class Access(StrEnum):
    """Who may ask for a page."""

    ANYBODY = "anybody"
    HALF = "half"
    """Whoever has given the password, and still has to take the second step."""
    SIGNED_IN = "signed_in"
    MEMBER = "member"
    """Of the project in the path, in a role that includes the deed."""
    OPERATOR = "operator"


DESK = "/operator"
"""Below it are the operator's pages, and no others."""


def page(
    path: str, *, deed: Deed | None = None, access: Access = Access.SIGNED_IN, is_noted: bool = False
) -> Callable[[AsyncAnyCallable], HTTPRouteHandler]:
    """A GET, which changes nothing (WEB-5). `is_noted`: who looks stands in the audit log."""
    return get(path, opt=_opt(path, deed, access) | {NOTED: is_noted}, media_type=MediaType.HTML)


def action(
    path: str, *, deed: Deed | None = None, access: Access = Access.SIGNED_IN
) -> Callable[[AsyncAnyCallable], HTTPRouteHandler]:
    """A POST, whose form carries the CSRF token."""
    return post(path, opt=_opt(path, deed, access), media_type=MediaType.HTML, status_code=200)


def _opt(path: str, deed: Deed | None, access: Access) -> dict[str, object]:
    """Raises ValueError where a page of a project names no deed: a fault of ours that must not wait for a request."""
    in_project = "{project:uuid}" in path
    if in_project != (deed is not None):
        raise ValueError(f"{path}: pages of a project, and only those, name a deed")
    if path == DESK or path.startswith(f"{DESK}/"):
        return {ACCESS: Access.OPERATOR, DEED: deed}
    return {ACCESS: Access.MEMBER if in_project else access, DEED: deed}
