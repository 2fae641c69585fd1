"""`/dev/mail`: what the portal wrote, in the sandbox, where no mail server is."""

from litestar import Response

from dialplane.domain.errors import NotFound
from dialplane.faces.portal.rendering import show
from dialplane.faces.portal.request import PortalRequest, is_near
from dialplane.faces.portal.routing import Access, page
from dialplane.services.identity.portal_mail import list_recent_mails


@page("/dev/mail", access=Access.ANYBODY)
async def show_mails(request: PortalRequest) -> Response[str]:
    """Mails hold links that sign in, so strangers from the Internet see none, and outside the sandbox nobody does."""
    if not request.portal.is_sandbox or not is_near(request.scope):
        raise NotFound("There is no such page")
    mails = [(mail, _parts(mail.content)) for mail in await list_recent_mails(request.database)]
    return await show(request, "mails.html", mails=mails)


def _parts(content: str) -> list[tuple[str, str]]:
    """Each paragraph, and the address in it, "" where there is none."""
    return [(paragraph, _link_in(paragraph)) for paragraph in content.strip().split("\n\n")]


def _link_in(paragraph: str) -> str:
    return next((word for word in paragraph.split() if word.startswith(("http://", "https://"))), "")
