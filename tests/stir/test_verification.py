"""Chains of certificates, rights to numbers, freshness, replays (RFC 8224 section 6.2, RFC 8226)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from dialplane.stir.certificates import check_chain, load_chain, rights_of
from dialplane.stir.errors import Fault, StirError
from dialplane.stir.identity import Identity, parse_identity, write_identity
from dialplane.stir.passport import Attestation, sign
from dialplane.stir.verification import (
    NO_IDENTITY,
    Claim,
    Replays,
    Verdict,
    best_of,
    check_claim,
    check_signer,
    failed,
)
from tests.stir.authority import SPC_1234, Holder, authority
from tests.stir.test_passport import PASSPORT

NOW = datetime.fromtimestamp(PASSPORT.issued_at + 10, UTC)
ROOT = authority()
HERE = Claim({"12155551212", "2155551212"}, {"12155551213"})
ONE = bytes.fromhex("300fa20d160b3132313535353531323132")
"""The number 12155551212 alone."""
RANGE = bytes.fromhex("3015a11330111600")
_RANGE_BODY = bytes.fromhex("160b31323135353535313230300202" + "00c8")
HUNDREDS = bytes([0x30, len(_RANGE_BODY) + 4, 0xA1, len(_RANGE_BODY) + 2, 0x30, len(_RANGE_BODY)]) + _RANGE_BODY
"""200 numbers from 12155551200 on."""


def signed_by(holder: Holder, caller: str = "12155551212") -> Identity:
    return parse_identity(write_identity(sign(replace(PASSPORT, caller=caller), holder.key), PASSPORT.x5u))


def fault_of(holder: Holder, file: str, *roots: Holder, caller: str = "12155551212") -> Fault | None:
    try:
        anchors = [root.certificate for root in roots or (ROOT,)]
        check_signer(signed_by(holder, caller), file.encode(), anchors, NOW.replace(year=2026))
    except StirError as refused:
        return refused.fault
    return None


def test_certificate_of_a_trusted_authority_passes() -> None:
    """STIR-3, STIR-5: at once, through an authority between, with a critical TNAuthList, and where it is trusted
    itself."""
    signer = ROOT.certify()
    between = ROOT.certify(is_authority=True)
    below, critical = between.certify(), ROOT.certify(is_critical=True)

    assert fault_of(signer, signer.pem) is None
    assert fault_of(below, below.pem + between.pem) is None
    assert fault_of(critical, critical.pem) is None
    assert fault_of(signer, signer.pem, signer) is None


def test_certificate_that_does_not_count_is_437() -> None:
    """STIR-3: not trusted, expired, not for numbers, not by an authority, of another curve, broken."""
    stranger, expired = authority("somebody else"), ROOT.certify(until=datetime(2024, 1, 1, tzinfo=UTC))
    between = ROOT.certify(is_authority=True)
    below, plain = between.certify(), ROOT.certify(None)
    by_a_signer = ROOT.certify().certify()
    wrong_curve = ROOT.certify(curve=ec.SECP384R1())

    assert fault_of(stranger.certify(), stranger.certify().pem) is Fault.UNSUPPORTED_CREDENTIAL
    assert fault_of(expired, expired.pem) is Fault.UNSUPPORTED_CREDENTIAL
    assert fault_of(plain, plain.pem) is Fault.UNSUPPORTED_CREDENTIAL
    assert fault_of(below, below.pem) is Fault.UNSUPPORTED_CREDENTIAL, "the authority between is missing"
    assert fault_of(by_a_signer, by_a_signer.pem + ROOT.certify().pem) is Fault.UNSUPPORTED_CREDENTIAL
    for file in (b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"<html>"):
        with pytest.raises(StirError) as refused:
            load_chain(file)
        assert refused.value.fault is Fault.UNSUPPORTED_CREDENTIAL
    with pytest.raises(StirError):
        check_chain([wrong_curve.certificate], [ROOT.certificate], NOW.replace(year=2026))


def test_name_of_an_authority_is_not_its_signature() -> None:
    """STIR-5: who calls itself the root is not the root."""
    impostor = authority()
    signer = impostor.certify()

    assert fault_of(signer, signer.pem + impostor.pem) is Fault.UNSUPPORTED_CREDENTIAL


def test_signer_signs_for_its_numbers_only() -> None:
    """STIR-5, RFC 8226 section 9: one number, a range, or whatever a service provider has."""
    one, hundreds = ROOT.certify(ONE), ROOT.certify(HUNDREDS)

    assert rights_of(ROOT.certify(SPC_1234).certificate).codes == ("1234",)
    assert fault_of(one, one.pem) is None
    assert fault_of(one, one.pem, caller="12155551214") is Fault.UNSUPPORTED_CREDENTIAL
    assert fault_of(hundreds, hundreds.pem, caller="12155551399") is None
    assert fault_of(hundreds, hundreds.pem, caller="12155551400") is Fault.UNSUPPORTED_CREDENTIAL


@pytest.mark.parametrize(
    "octets", [b"", b"\x30", b"\x30\x00", b"\x30\x02\xa3\x00", b"\x30\x84\xff\xff\xff\xff", RANGE, SPC_1234[:-1]]
)
def test_broken_list_of_numbers_is_437(octets: bytes) -> None:
    """STIR-5, FUZZ-1."""
    with pytest.raises(StirError) as refused:
        rights_of(ROOT.certify(octets).certificate)
    assert refused.value.fault is Fault.UNSUPPORTED_CREDENTIAL


def test_signature_of_another_key_is_438() -> None:
    """STIR-3."""
    assert fault_of(ROOT.certify(), ROOT.certify().pem) is Fault.INVALID


def test_certificate_with_an_unknown_critical_extension_is_437() -> None:
    signer = ROOT.certify(extras=[x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")])
    assert fault_of(signer, signer.pem) is Fault.UNSUPPORTED_CREDENTIAL


@pytest.mark.parametrize(
    ("claim", "age_s", "fault"),
    [
        (HERE, 10, None),
        (HERE, -59, None),
        (HERE, 61, Fault.STALE),
        (HERE, -61, Fault.STALE),
        (Claim({"12155551299"}, HERE.called), 10, Fault.INVALID),
        (Claim(HERE.callers, {"12155551299"}), 10, Fault.INVALID),
        (Claim(set(), set()), 10, Fault.INVALID),
    ],
)
def test_claim_is_about_this_call_and_this_minute(claim: Claim, age_s: int, fault: Fault | None) -> None:
    """STIR-3 and STIR-4: orig, dest and iat are looked at here."""
    now = datetime.fromtimestamp(PASSPORT.issued_at + age_s, UTC)
    identity = signed_by(ROOT)
    if fault is None:
        check_claim(identity, claim, now)
        return
    with pytest.raises(StirError) as refused:
        check_claim(identity, claim, now)
    assert refused.value.fault is fault


def test_token_counts_once_while_it_is_fresh() -> None:
    """STIR-6."""
    replays = Replays()

    assert not replays.is_replay("token", NOW)
    assert not replays.is_replay("another", NOW)
    assert replays.is_replay("token", NOW + timedelta(seconds=59))
    assert not replays.is_replay("token", NOW + timedelta(seconds=200))


def test_verdict_is_told_in_twilios_words_and_in_the_reason_of_answers() -> None:
    """STIR-3: RFC 9410."""
    stale = failed(StirError(Fault.STALE, "old"), signed_by(ROOT))

    assert Verdict(Attestation.PARTIAL).verstat == "TN-Validation-Passed-B"
    assert (stale.verstat, stale.reason_field) == ("TN-Validation-Failed-A", 'STIR;cause=403;text="Stale Date"')
    assert failed(StirError(Fault.INVALID, "bad"), None).verstat == "TN-Validation-Failed"
    assert NO_IDENTITY.verstat == "No-TN-Validation"
    assert best_of([stale, Verdict(Attestation.FULL)]).verstat == "TN-Validation-Passed-A"
