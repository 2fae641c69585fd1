"""Digest authentication: our challenges against our own client, the RFC's vectors, and what must not work."""

import re

import pytest

from dialplane.sip.digest import Authenticator, Credentials, Verdict, answer_challenge
from dialplane.sip.headers import Headers
from dialplane.sip.message import Request, Response
from tests.sip.samples import request

REALM = "example.com"
HOST = "192.0.2.10"
URI = "sip:example.com"


@pytest.fixture
def authenticator() -> Authenticator:
    return Authenticator(REALM, b"k" * 32)


def answered(challenge: Response, *, password: str = "secret", method: str = "REGISTER", user: str = "100") -> Request:
    """A REGISTER with the answer to `challenge`."""
    field = answer_challenge(challenge, method, URI, user, password, cnonce="0a4f113b")
    assert field is not None
    signed = request(method, uri=URI)
    signed.headers.add(*field)
    return signed


def verdict(
    authenticator: Authenticator, signed: Request, *, now: float, password: str | None = "secret", host: str = HOST
) -> Verdict:
    credentials = authenticator.read(signed)
    assert credentials is not None
    return authenticator.check(credentials, signed.method, password, host, now)


def test_right_password_is_accepted(authenticator: Authenticator) -> None:
    challenge = authenticator.challenge(request("REGISTER"), HOST, now=1_000.0)

    assert verdict(authenticator, answered(challenge), now=1_001.0) is Verdict.ACCEPTED


@pytest.mark.parametrize(("offered", "position"), [("SHA-256", 0), ("MD5", 1)])
def test_sha256_is_offered_before_md5_and_both_work(authenticator: Authenticator, offered: str, position: int) -> None:
    """REG-1, RFC 8760 2.4."""
    challenge = authenticator.challenge(request("REGISTER"), HOST, now=0.0)
    value = challenge.headers.get_all("WWW-Authenticate")[position]
    assert f"algorithm={offered}," in value

    only = request("REGISTER").response(401)
    only.headers.add("WWW-Authenticate", value)

    assert verdict(authenticator, answered(only), now=1.0) is Verdict.ACCEPTED


@pytest.mark.parametrize(
    ("user_agent", "offered"),
    [("baresip v1.0.0 (x86_64/linux)", ["MD5"]), ("baresip v2.0.0 (x86_64/Linux)", ["SHA-256", "MD5"])],
)
def test_user_agent_that_breaks_at_unknown_algorithms_is_offered_md5_alone(
    authenticator: Authenticator, user_agent: str, offered: list[str]
) -> None:
    asking = request("REGISTER")
    asking.headers.add("User-Agent", user_agent)

    challenge = authenticator.challenge(asking, HOST, now=0.0)

    values = challenge.headers.get_all("WWW-Authenticate")
    assert [re.findall(r"algorithm=([^,]+)", value)[0] for value in values] == offered


def test_proxy_challenge_uses_the_proxy_fields(authenticator: Authenticator) -> None:
    challenge = authenticator.challenge(request(), HOST, now=0.0, proxy=True)
    assert challenge.status == 407

    signed = answered(challenge, method="INVITE")

    credentials = authenticator.read(signed, proxy=True)
    assert credentials is not None
    assert authenticator.check(credentials, "INVITE", "secret", HOST, 1.0) is Verdict.ACCEPTED
    assert authenticator.read(signed) is None


@pytest.mark.parametrize("password", ["Secret", "", None])
def test_wrong_password_and_missing_user_are_the_same(authenticator: Authenticator, password: str | None) -> None:
    """REG-1."""
    challenge = authenticator.challenge(request("REGISTER"), HOST, now=0.0)

    assert verdict(authenticator, answered(challenge), now=1.0, password=password) is Verdict.WRONG


def test_challenge_differs_by_its_nonce_only(authenticator: Authenticator) -> None:
    """REG-1: the same octets for whoever asks."""
    challenges = {
        re.sub(rb'nonce="[^"]+"', b"", bytes(authenticator.challenge(request("REGISTER"), HOST, now=float(i))))
        for i in range(3)
    }

    assert len(challenges) == 1


def test_same_count_again_is_stale_and_higher_is_accepted(authenticator: Authenticator) -> None:
    """REG-1: a replay."""
    signed = answered(authenticator.challenge(request("REGISTER"), HOST, now=0.0))
    assert verdict(authenticator, signed, now=1.0) is Verdict.ACCEPTED

    assert verdict(authenticator, signed, now=2.0) is Verdict.STALE


def test_nonce_lives_sixty_seconds(authenticator: Authenticator) -> None:
    """REG-1."""
    signed = answered(authenticator.challenge(request("REGISTER"), HOST, now=100.0))

    assert verdict(authenticator, signed, now=160.1) is Verdict.STALE
    assert verdict(authenticator, signed, now=160.0) is Verdict.ACCEPTED


def test_nonce_of_another_address_is_stale(authenticator: Authenticator) -> None:
    """REG-1."""
    signed = answered(authenticator.challenge(request("REGISTER"), "198.51.100.1", now=0.0))

    assert verdict(authenticator, signed, now=1.0) is Verdict.STALE


def test_nonce_of_another_secret_is_stale(authenticator: Authenticator) -> None:
    """A phone that comes back after our restart is asked again instead of being told that its password is wrong."""
    signed = answered(Authenticator(REALM, b"x" * 32).challenge(request("REGISTER"), HOST, now=0.0))

    assert verdict(authenticator, signed, now=1.0) is Verdict.STALE


@pytest.mark.parametrize("nonce", ["", "x", "A" * 44, "=", "é", "AAAA" * 500])
def test_invented_nonce_is_never_accepted(authenticator: Authenticator, nonce: str) -> None:
    challenge = request("REGISTER").response(401)
    challenge.headers.add("WWW-Authenticate", f'Digest realm="{REALM}", nonce="{nonce}", qop="auth"')

    assert verdict(authenticator, answered(challenge), now=1.0) is Verdict.STALE


def test_forgotten_counts_cannot_be_replayed() -> None:
    """The table of counts is bounded; what falls out of it goes stale instead of usable again."""
    authenticator = Authenticator(REALM, b"k" * 32, highest_remembered=2)
    signed = [answered(authenticator.challenge(request("REGISTER"), HOST, now=float(second))) for second in range(1, 5)]
    assert [verdict(authenticator, one, now=5.0) for one in signed] == [Verdict.ACCEPTED] * 4

    assert [verdict(authenticator, one, now=6.0) for one in signed] == [Verdict.STALE] * 4


def test_answer_for_another_method_is_wrong(authenticator: Authenticator) -> None:
    signed = answered(authenticator.challenge(request("REGISTER"), HOST, now=0.0))
    credentials = authenticator.read(signed)
    assert credentials is not None

    assert authenticator.check(credentials, "INVITE", "secret", HOST, 1.0) is Verdict.WRONG


GOOD = {
    "username": '"100"', "realm": f'"{REALM}"', "nonce": '"n"', "uri": f'"{URI}"', "response": '"' + "0" * 32 + '"',
    "algorithm": "MD5", "qop": "auth", "nc": "00000001", "cnonce": '"c"',
}  # fmt: skip


def header(**changes: str | None) -> str:
    parameters = GOOD | changes
    return "Digest " + ", ".join(f"{name}={value}" for name, value in parameters.items() if value is not None)


def read(authenticator: Authenticator, value: str) -> Credentials | None:
    return authenticator.read(request("REGISTER", extra=f"Authorization: {value}\r\n"))


def test_complete_header_is_read(authenticator: Authenticator) -> None:
    credentials = read(authenticator, header())

    assert credentials is not None
    assert (credentials.username, credentials.count, credentials.algorithm) == ("100", 1, "MD5")


@pytest.mark.parametrize(
    "value",
    [
        header(realm=None), header(nonce=None), header(username=None), header(response=None), header(uri=None),
        header(cnonce=None), header(nc=None), header(qop=None), header(qop="auth-int"), header(nc="1"),
        header(nc="0000000g"), header(realm='"never.offered"'), header(algorithm="SHA-1"), header(username='"a\x00"'),
        header() + ", nonce=x", header() + " garbage", "Digest", "Digest ,,,", "Digest =", 'Digest realm="',
        "Basic QQ==", "NoOneKnowsThisScheme opaque-data=here", header(realm='"example.com'),
    ],
)  # fmt: skip
def test_header_without_usable_credentials_is_as_if_absent(authenticator: Authenticator, value: str) -> None:
    """CVE-9: the answer is a challenge."""
    assert read(authenticator, value) is None


def test_credentials_for_our_realm_are_found_among_others(authenticator: Authenticator) -> None:
    other = header(realm='"other.example"')

    both = request("REGISTER", extra=f"Authorization: {other}\r\nAuthorization: {header()}\r\n")

    found = authenticator.read(both)
    assert found is not None
    assert found.realm == REALM


def challenged(*values: str) -> Response:
    return Response(401, None, Headers([("WWW-Authenticate", value) for value in values]))


@pytest.mark.parametrize(
    ("algorithm", "digest"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_answers_are_those_of_the_rfc(algorithm: str, digest: str) -> None:
    """RFC 7616 3.9.1."""
    challenge = challenged(
        f'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm}, '
        'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
    )

    field = answer_challenge(
        challenge,
        "GET",
        "/dir/index.html",
        "Mufasa",
        "Circle of Life",
        cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    )

    assert field is not None
    assert f'response="{digest}"' in field[1]
    assert 'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"' in field[1]


def test_old_server_without_qop_is_answered_the_old_way() -> None:
    """RFC 2617 3.5 with the RFC 2069 digest."""
    challenge = challenged('Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"')

    field = answer_challenge(challenge, "GET", "/dir/index.html", "Mufasa", "Circle Of Life", cnonce="x")

    assert field is not None
    assert 'response="670fd8c2df070c60b045671b8b24ff02"' in field[1]
    assert "qop" not in field[1]


def test_first_usable_challenge_is_answered() -> None:
    field = answer_challenge(
        challenged(
            'Digest realm="r", nonce="1", algorithm=SHA-512-256, qop="auth"',
            'Digest realm="r", nonce="2", qop="auth-int"',
            'Digest realm="r", nonce="3", qop="auth", algorithm=md5',
        ),
        "INVITE", URI, "u", "p", cnonce="c",
    )  # fmt: skip

    assert field is not None
    assert 'nonce="3"' in field[1]


def test_foreign_realm_is_not_answered() -> None:
    """CVE-11: a peer cannot ask for the password of another trunk."""
    challenge = challenged('Digest realm="evil.example", nonce="1", qop="auth"')

    assert answer_challenge(challenge, "BYE", URI, "u", "p", realm=REALM, cnonce="c") is None


@pytest.mark.parametrize("value", ['Basic realm="x"', 'Digest realm="x"', "Digest", 'Digest nonce="x'])
def test_challenge_that_cannot_be_answered_is_not(value: str) -> None:
    assert answer_challenge(challenged(value), "INVITE", URI, "u", "p", cnonce="c") is None
