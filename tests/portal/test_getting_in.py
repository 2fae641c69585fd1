"""Sign-up, activation, sign-in, forgotten password (VoxCPaaS 2.1; WEB-4, WEB-5, WEB-8)."""

from tests.portal.conftest import Surfer, join


async def test_newcomer_signs_up_activates_by_mail_and_signs_in(stranger: Surfer) -> None:
    """Sections 2.1.2 to 2.1.7."""
    shown = await join(stranger, "ann@example.com")

    assert shown.status == 200
    assert "No project yet" in shown.words
