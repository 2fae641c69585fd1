"""PASSporTs: written byte for byte as the RFC prints them, read by other people's code, refused where forged."""

import base64
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from dialplane.stir.errors import Fault, StirError
from dialplane.stir.identity import parse_identity, write_identity
from dialplane.stir.passport import Attestation, Passport, SignedPassport, parse, sign, signing_input

X5U = "https://certificates.example.org/shaken.pem"
PASSPORT = Passport(
    X5U, Attestation.FULL, "12155551212", ("12155551213",), 1443208345, "123e4567-e89b-12d3-a456-426655440000"
)
HEADER = {"alg": "ES256", "ppt": "shaken", "typ": "passport", "x5u": X5U}
CLAIMS = {
    "attest": "A",
    "dest": {"tn": ["12155551213"]},
    "iat": 1443208345,
    "orig": {"tn": "12155551212"},
    "origid": "123e4567-e89b-12d3-a456-426655440000",
}
KEY = ec.generate_private_key(ec.SECP256R1())


def forged(header: Any, claims: Any, signature: bytes = bytes(64)) -> str:
    parts = (json.dumps(header).encode(), json.dumps(claims).encode(), signature)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def test_header_and_claims_of_rfc_8225_come_out_byte_for_byte() -> None:
    """STIR-1: RFC 8225 Appendix A."""
    header = {"x5u": "https://cert.example.org/passport.cer", "typ": "passport", "alg": "ES256"}
    claims = {"orig": {"tn": "12155551212"}, "iat": 1471375418, "dest": {"uri": ["sip:alice@example.com"]}}

    assert signing_input(header, claims) == (
        "eyJhbGciOiJFUzI1NiIsInR5cCI6InBhc3Nwb3J0IiwieDV1IjoiaHR0cHM6Ly9jZXJ0LmV4YW1wbGUub3JnL3Bhc3Nwb3J0LmNlciJ9"
        ".eyJkZXN0Ijp7InVyaSI6WyJzaXA6YWxpY2VAZXhhbXBsZS5jb20iXX0sImlhdCI6MTQ3MTM3NTQxOCwib3JpZyI6eyJ0biI6IjEyMTU1NTUx"
        "MjEyIn19"
    )


def test_signed_token_is_read_by_pyjwt() -> None:
    """STIR-1: an implementation that is not ours verifies it and finds the documented header and claims."""
    token = sign(PASSPORT, KEY)

    assert jwt.get_unverified_header(token) == HEADER
    options: Any = {"verify_iat": False}
    assert jwt.decode(token, KEY.public_key(), algorithms=["ES256"], options=options) == CLAIMS
    assert list(json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))) == ["alg", "ppt", "typ", "x5u"]


def test_token_of_pyjwt_is_read_here() -> None:
    """STIR-1, the other way round."""
    token = jwt.encode(CLAIMS, KEY, algorithm="ES256", headers={"typ": "passport", "ppt": "shaken", "x5u": X5U})

    signed = parse(token)

    assert signed.passport == PASSPORT
    signed.check_signature(KEY.public_key())


def test_signature_of_rfc_7515_holds() -> None:
    """STIR-1: the ES256 example of RFC 7515 Appendix A.3."""
    numbers = ec.EllipticCurvePublicNumbers(
        int.from_bytes(base64.urlsafe_b64decode("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU="), "big"),
        int.from_bytes(base64.urlsafe_b64decode("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0="), "big"),
        ec.SECP256R1(),
    )
    signed = (
        b"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0"
        b"cnVlfQ"
    )
    signature = base64.urlsafe_b64decode(
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q=="
    )

    SignedPassport(PASSPORT, signed, signature).check_signature(numbers.public_key())
    with pytest.raises(StirError) as refused:
        SignedPassport(PASSPORT, signed + b"x", signature).check_signature(numbers.public_key())
    assert refused.value.fault is Fault.INVALID


@pytest.mark.parametrize(
    ("header", "claims"),
    [
        ({"alg": "none"}, {}),
        ({"alg": "HS256"}, {}),
        ({"alg": "ES384"}, {}),
        ({"ppt": "div"}, {}),
        ({"ppt": None}, {}),
        ({"typ": "JWT"}, {}),
        ({"crit": ["b64"]}, {}),
        ({"x5u": ""}, {}),
        ({"x5u": 7}, {}),
        ({}, {"iat": "1443208345"}),
        ({}, {"iat": True}),
        ({}, {"iat": -1}),
        ({}, {"attest": "D"}),
        ({}, {"origid": ""}),
        ({}, {"orig": {"tn": ["1", "2"]}}),
        ({}, {"orig": {"uri": "sip:alice@example.com"}}),
        ({}, {"orig": {"tn": "+12155551212"}}),
        ({}, {"dest": {"tn": []}}),
        ({}, {"dest": {"tn": ["1"] * 33}}),
        ({}, {"dest": None}),
    ],
)
def test_forged_token_is_refused(header: dict[str, object], claims: dict[str, object]) -> None:
    """STIR-4: only ES256 and shaken, nothing critical that is unknown, no claim of another shape."""
    with pytest.raises(StirError) as refused:
        parse(forged(HEADER | header, CLAIMS | claims))
    assert refused.value.fault is Fault.INVALID


@pytest.mark.parametrize(
    "token", ["", "..", "a.b", "..AAAA", "a.b.c.d", "é.e.e", "A" * 5000 + "..", forged(HEADER, [CLAIMS]), forged(1, 2)]
)
def test_text_that_is_no_token_is_refused(token: str) -> None:
    """STIR-4. The compact form too, which SHAKEN does not have."""
    with pytest.raises(StirError):
        parse(token)


@given(st.text(max_size=300) | st.binary(max_size=300).map(lambda octets: octets.decode("latin-1")))
@settings(max_examples=500, deadline=None)
def test_any_text_is_read_or_refused_in_time(text: str) -> None:
    """FUZZ-1: PASSporT and Identity header field."""
    began = time.process_time()
    for read in (parse, parse_identity):
        try:
            read(text)
        except StirError:
            continue
    assert time.process_time() - began < 0.5


def test_identity_header_reads_back() -> None:
    token = sign(PASSPORT, KEY)
    field = write_identity(token, X5U)

    assert field == f"{token};info=<{X5U}>;alg=ES256;ppt=shaken"
    identity = parse_identity(field)
    assert (identity.info, identity.text, identity.signed.passport) == (X5U, token, PASSPORT)
    assert parse_identity(f'{token}; info = <{X5U}> ;ppt="shaken"').info == X5U


@pytest.mark.parametrize(
    ("parameters", "fault"),
    [
        ("", Fault.BAD_INFO),
        (";alg=ES256;ppt=shaken", Fault.BAD_INFO),
        (";info=<http://certificates.example.org/shaken.pem>", Fault.BAD_INFO),
        (";info=<file:///etc/passwd>", Fault.BAD_INFO),
        (";info=<https://elsewhere.example.org/x.pem>", Fault.INVALID),
        (f";info=<{X5U}>;alg=RS256", Fault.INVALID),
        (f";info=<{X5U}>;ppt=rph", Fault.INVALID),
        (f";info=<{X5U}>;info=<{X5U}>", Fault.INVALID),
        (f";info=<{X5U}>;;", Fault.INVALID),
        (f";info=<{X5U}", Fault.INVALID),
    ],
)
def test_identity_header_with_other_parameters_is_refused(parameters: str, fault: Fault) -> None:
    """CVE-10 and STIR-3: nothing of it is fetched."""
    with pytest.raises(StirError) as refused:
        parse_identity(sign(PASSPORT, KEY) + parameters)
    assert refused.value.fault is fault
