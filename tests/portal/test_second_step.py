"""Two-step sign-in by an authenticator app (WEB-2). The vectors are those of RFC 6238, appendix B."""

import asyncio
import base64
import re
from datetime import timedelta

import pytest

from dialplane.domain.identity.one_time_codes import matching_step, totp
from dialplane.domain.ids import utc_now
from dialplane.services.transaction import Database
from tests.portal.conftest import PASSWORD, Shown, Surfer, another, at_time, link_in_mail, sign_in

SECRET = b"12345678901234567890"


@pytest.mark.parametrize(
    ("unix_s", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_codes_are_those_of_rfc_6238(unix_s: int, code: str) -> None:
    assert totp(SECRET, unix_s // 30, digits=8) == code


@pytest.mark.parametrize(("drift_s", "fits"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_code_fits_one_step_around_the_clock(drift_s: int, fits: bool) -> None:
    code = totp(SECRET, (1_000_000 + drift_s) // 30)

    assert (matching_step(SECRET, code, 1_000_000, after=0) is not None) is fits


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "१२३४५६", "12345a", " ", "-12345"])
def test_what_is_no_code_never_fits(typed: str) -> None:
    assert matching_step(SECRET, typed, 1_000_000, after=0) is None


async def _switch_on(surfer: Surfer) -> tuple[bytes, list[str]]:
    """The secret and the recovery codes; the app's code of two minutes ago was the last."""
    app = await surfer.send(await surfer.get("/portal/profile/security"), "/app")
    found = re.search(r"type the key: <code[^>]*>([A-Z2-7]+)<", app.text)
    assert found is not None
    secret = base64.b32decode(found[1])
    at_time(utc_now() - timedelta(minutes=2))
    code = totp(secret, int((utc_now() - timedelta(minutes=2)).timestamp()) // 30)
    shown = await surfer.send(app, "/confirm", code=code)
    at_time(utc_now())
    return secret, re.findall(r"<li><code>([a-z2-7-]{19})</code>", shown.text)


def _code(secret: bytes) -> str:
    return totp(secret, int(utc_now().timestamp()) // 30)


async def _half(surfer: Surfer) -> tuple[Surfer, Shown]:
    """Another browser that has given the password."""
    browser = another(surfer)
    return browser, await sign_in(browser, "ann@example.com")


async def test_password_alone_does_not_sign_in(surfer: Surfer) -> None:
    secret, _ = await _switch_on(surfer)
    browser, step = await _half(surfer)
    before = browser.cookie

    pages = [await browser.get("/portal/projects"), await browser.get("/portal/profile/security")]
    shown = await browser.send(step, "/second-step", code=_code(secret))

    assert [page.path for page in pages] == ["/portal/second-step"] * 2
    assert shown.path == "/portal/projects"
    assert browser.cookie != before  # WEB-4


async def test_code_is_good_once(surfer: Surfer) -> None:
    secret, _ = await _switch_on(surfer)
    code = _code(secret)
    first, step = await _half(surfer)
    second, other_step = await _half(surfer)

    good = await first.send(step, "/second-step", code=code)
    again = await second.send(other_step, "/second-step", code=code)

    assert good.path == "/portal/projects"
    assert again.status == 422


async def test_five_wrong_codes_block_the_right_one_for_15_minutes(surfer: Surfer) -> None:
    secret, _ = await _switch_on(surfer)
    browser, step = await _half(surfer)

    answers = await asyncio.gather(*(browser.send(step, "/second-step", code=f"{n:06}") for n in range(20)))
    blocked = await browser.send(step, "/second-step", code=_code(secret))
    at_time(utc_now() + timedelta(minutes=16))
    later, step = await _half(surfer)
    code = totp(secret, int((utc_now() + timedelta(minutes=16)).timestamp()) // 30)
    shown = await later.send(step, "/second-step", code=code)

    assert {answer.status for answer in answers} == {422}
    assert "Too many wrong codes" in blocked.words
    assert shown.path == "/portal/projects"


async def test_each_recovery_code_signs_in_once(surfer: Surfer) -> None:
    _, codes = await _switch_on(surfer)
    first, step = await _half(surfer)
    second, other_step = await _half(surfer)

    good = await first.send(step, "/second-step", code=codes[0].upper())
    again = await second.send(other_step, "/second-step", code=codes[0])

    assert len(codes) == 10
    assert good.path == "/portal/projects"
    assert again.status == 422
    assert "9 recovery codes are left" in (await first.get("/portal/profile/security")).words


async def test_secret_is_sealed_and_codes_are_hashed_at_rest(surfer: Surfer, database: Database) -> None:
    secret, codes = await _switch_on(surfer)

    async with database.reading() as tx:
        kept = str(await tx.connection.fetch("select * from people"))  # type: ignore[attr-defined]  # the real store
        hashes = await tx.connection.fetch("select code_hash from recovery_codes")  # type: ignore[attr-defined]

    assert "sealed:" in kept
    assert base64.b64encode(secret).decode() not in kept
    assert len(hashes) == 10
    assert codes[0].replace("-", "").encode() not in {row[0] for row in hashes}


async def test_reset_by_mail_does_not_switch_it_off(surfer: Surfer) -> None:
    await _switch_on(surfer)
    visitor = another(surfer)
    await visitor.send(await visitor.get("/portal/forgot-password"), "/forgot-password", email="ann@example.com")

    await visitor.send(await visitor.get(await link_in_mail(visitor)), "", password="another good one")
    shown = await sign_in(visitor, "ann@example.com", "another good one")

    assert shown.path == "/portal/second-step"


async def test_switching_off_asks_for_the_password(surfer: Surfer) -> None:
    await _switch_on(surfer)
    security = await surfer.get("/portal/profile/security")

    wrong = await surfer.send(security, "/app/remove", old_password="guess")
    good = await surfer.send(security, "/app/remove", old_password=PASSWORD)

    assert wrong.status == 400
    assert "The authenticator app is removed." in good.words
