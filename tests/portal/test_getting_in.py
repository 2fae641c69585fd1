"""Sign-up, sign-in, forgotten password, sessions (VoxCPaaS 2.1; WEB-1, WEB-4, WEB-5, WEB-8)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dialplane.domain.ids import utc_now
from tests.portal.conftest import (
    BASE,
    COOKIE,
    PASSWORD,
    Shown,
    Surfer,
    another,
    at_time,
    join,
    link_in_mail,
    sign_in,
    sign_up,
)


async def test_newcomer_signs_up_activates_by_mail_and_signs_in(stranger: Surfer) -> None:
    """Sections 2.1.2 to 2.1.7."""
    shown = await join(stranger, "ann@example.com")

    assert shown.status == 200
    assert "No project yet" in shown.words


async def test_nobody_signs_in_before_the_address_is_proved(stranger: Surfer) -> None:
    await sign_up(stranger, "ann@example.com")

    assert (await sign_in(stranger, "ann@example.com")).status == 401


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("email", "nobody", "e-mail address"),
        ("email", "a@b@c", "e-mail address"),
        ("email", "ann@example.com\r\nBcc: all@example.com", "e-mail address"),
        ("name", "", "Enter a name"),
        ("phone", "call me", "phone number"),
        ("password", "short", "8 to 128 characters"),
        ("password", "x" * 129, "8 to 128 characters"),
        ("password", "Password2024!", "first that are tried"),
        ("password", "qwertyuiop", "first that are tried"),
        ("password", "ann@example.com", "your address"),
        ("terms", "", "accept the terms"),
    ],
)
async def test_sign_up_explains_beside_the_field_and_keeps_the_rest(
    stranger: Surfer, field: str, value: str, says: str
) -> None:
    """WEB-1: length and a list, no rules of composition."""
    good = {"email": "ann@example.com", "name": "Ann", "phone": "", "password": PASSWORD, "terms": "yes"}

    shown = await stranger.send(await stranger.get("/portal/sign-up"), "/sign-up", **{**good, field: value})

    assert shown.status == 422
    assert says in shown.words
    assert shown.form("/sign-up")["name"] == ("" if field == "name" else "Ann")
    assert PASSWORD not in shown.text
    assert "No mail yet" in (await stranger.get("/dev/mail")).words


async def test_any_characters_make_a_password(stranger: Surfer) -> None:
    await sign_up(stranger, "ann@example.com", password="  ünïcode ☎ ")
    await stranger.send(await stranger.get(await link_in_mail(stranger)), "")

    assert (await sign_in(stranger, "ann@example.com", "  ünïcode ☎ ")).status == 200


async def test_program_that_fills_the_unseen_field_gets_no_mail(stranger: Surfer) -> None:
    form = await stranger.get("/portal/sign-up")

    shown = await stranger.send(
        form, "/sign-up", email="ann@example.com", name="Ann", password=PASSWORD, terms="yes", website="https://spam"
    )

    assert "Look into your mail" in shown.words
    assert "No mail yet" in (await stranger.get("/dev/mail")).words


async def test_form_whose_time_is_not_ours_is_refused(stranger: Surfer) -> None:
    form = await stranger.get("/portal/sign-up")

    shown = await stranger.send(
        form, "/sign-up", email="ann@example.com", name="Ann", password=PASSWORD, terms="yes", opened="1.x"
    )

    assert shown.status == 422


# --- WEB-8 -----------------------------------------------------------------------------------------------------------


async def test_known_and_unknown_addresses_get_equal_answers(surfer: Surfer) -> None:
    """WEB-8: sign-up, forgotten password and sign-in; only the mail tells."""
    visitor = another(surfer)
    answers = []
    for email in ("ann@example.com", "bob@example.com"):
        answers.append(
            [
                _without(email, await sign_up(visitor, email)),
                _without(email, await _forget(visitor, email)),
                _without(email, await sign_in(visitor, email, "a wrong password")),
            ]
        )
    mails = (await visitor.get("/dev/mail")).words

    assert answers[0] == answers[1]
    assert "You have a Dialplane account already" in mails
    assert "no account has this address" in mails


def _without(email: str, shown: Shown) -> tuple[int, str]:
    return shown.status, shown.words.replace(email, "")


async def _forget(surfer: Surfer, email: str) -> Shown:
    return await surfer.send(await surfer.get("/portal/forgot-password"), "/forgot-password", email=email)


async def test_links_are_made_of_the_configured_address_whatever_host_is_asked(stranger: Surfer) -> None:
    """WEB-8: a forged Host header leads nobody astray."""
    stranger.headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}

    await sign_up(stranger, "ann@example.com")
    mails = await stranger.get("/dev/mail")

    assert "evil.example" not in mails.text
    assert BASE in mails.text


async def test_reset_link_works_once_and_ends_every_session(surfer: Surfer) -> None:
    """WEB-4 and WEB-8."""
    visitor = another(surfer)
    await _forget(visitor, "ANN@example.com")
    link = await link_in_mail(visitor)
    form = await visitor.get(link)

    weak = await visitor.send(form, "", password="password1")
    good = await visitor.send(form, "", password="another good one")
    again = await visitor.get(link)
    signed_out = await surfer.get("/portal/projects")

    assert weak.status == 422
    assert "The new password is set" in good.words
    assert again.status == 404
    assert signed_out.path.startswith("/portal/sign-in")
    assert (await sign_in(visitor, "ann@example.com")).status == 401
    assert (await sign_in(visitor, "ann@example.com", "another good one")).status == 200


async def test_link_is_too_old_after_half_an_hour(stranger: Surfer) -> None:
    await sign_up(stranger, "ann@example.com")
    link = await link_in_mail(stranger)

    at_time(utc_now() + timedelta(minutes=31))

    assert (await stranger.get(link)).status == 404


async def test_link_that_a_program_looks_at_is_not_used_up(stranger: Surfer) -> None:
    """WEB-5: GET changes nothing; programs that look at mails open links, too."""
    await sign_up(stranger, "ann@example.com")
    link = await link_in_mail(stranger)

    await stranger.get(link)
    shown = await stranger.send(await stranger.get(link), "")

    assert "Your account is active" in shown.words


# --- WEB-4 -----------------------------------------------------------------------------------------------------------


async def test_cookie_is_bound_to_the_host_and_unseen_by_scripts(stranger: Surfer) -> None:
    shown = await stranger.get("/portal/sign-in")

    name, *attributes = shown.headers["set-cookie"].split("; ")
    assert name.startswith(f"{COOKIE}=")
    assert set(attributes) == {"Path=/", "Secure", "HttpOnly", "SameSite=Lax"}


async def test_signing_in_gives_another_session_id(stranger: Surfer) -> None:
    """A token that an attacker planted before is worth nothing after."""
    await join(stranger, "ann@example.com")
    attacker = another(stranger)
    await attacker.get("/portal/sign-in")
    victim = another(stranger)
    victim.cookie = attacker.cookie

    await sign_in(victim, "ann@example.com")

    assert victim.cookie != attacker.cookie
    assert (await attacker.get("/portal/projects")).path.startswith("/portal/sign-in")
    assert (await victim.get("/portal/projects")).path == "/portal/projects"


async def test_cookie_is_worth_nothing_after_signing_out(surfer: Surfer) -> None:
    kept = replace(surfer)

    await surfer.send(await surfer.get("/portal/projects"), "/sign-out")

    assert (await kept.get("/portal/projects")).path.startswith("/portal/sign-in")


@pytest.mark.parametrize(("steps_min", "is_in"), [((29, 29, 29), True), ((31,), False), ((29,) * 25, False)])
async def test_session_ends_when_idle_and_after_twelve_hours(
    surfer: Surfer, steps_min: tuple[int, ...], is_in: bool
) -> None:
    now, shown = utc_now(), None
    for step in steps_min:
        now += timedelta(minutes=step)
        at_time(now)
        shown = await surfer.get("/portal/projects")

    assert shown is not None
    assert (shown.path == "/portal/projects") is is_in


async def test_password_change_signs_other_browsers_out_and_keeps_this_one(surfer: Surfer) -> None:
    other = another(surfer)
    await sign_in(other, "ann@example.com")
    before = surfer.cookie
    security = await surfer.get("/portal/profile/security")

    wrong = await surfer.send(security, "/password", old_password="guess", password="another good one")
    shown = await surfer.send(security, "/password", old_password=PASSWORD, password="another good one")

    assert wrong.status == 422
    assert "The password is changed" in shown.words
    assert surfer.cookie != before
    assert (await other.get("/portal/projects")).path.startswith("/portal/sign-in")


async def test_another_browser_is_signed_out_from_the_list(surfer: Surfer) -> None:
    other = another(surfer)
    await sign_in(other, "ann@example.com")

    shown = await surfer.send(await surfer.get("/portal/profile/security"), "/end")

    assert "That browser is signed out" in shown.words
    assert (await other.get("/portal/projects")).path.startswith("/portal/sign-in")


async def test_sign_in_leads_back_to_the_page_but_to_no_other_host(surfer: Surfer, at: str) -> None:
    visitor = another(surfer)

    asked = await visitor.get(f"{at}/keys")
    shown = await visitor.send(asked, "/sign-in", email="ann@example.com", password=PASSWORD)
    elsewhere = await another(surfer).get("/portal/sign-in?next=//evil.example/portal/")

    assert shown.path == f"{at}/keys"
    assert elsewhere.form("/sign-in")["next"] == ""
