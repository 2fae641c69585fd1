"""The ceremonies of WebAuthn level 2 by the `webauthn` package, for one origin."""

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from dialplane.domain.errors import Invalid, NotAuthenticated
from dialplane.domain.identity.people import Person
from dialplane.domain.identity.portal import Passkey
from dialplane.services.identity.passkeys import Attested

_CHALLENGE_OCTETS = 32
_LONGEST_CREDENTIAL = 1400
"""Of base64url: an id has 1,023 octets at most."""


@dataclass(frozen=True, slots=True)
class PortalWebAuthn:
    """Fulfils `services.identity.passkeys.WebAuthn`.

    The user is verified every time: a passkey may be the only factor."""

    rp_id: str
    origin: str

    @classmethod
    def at(cls, base: str) -> "PortalWebAuthn":
        """For the portal at this address. Browsers know passkeys of names only; an address of the loopback has one."""
        parts = urlsplit(base)
        host = parts.hostname or "localhost"
        try:
            if ip_address(host).is_loopback:
                host = "localhost"
        except ValueError:
            pass  # a name
        port = f":{parts.port}" if parts.port else ""
        return cls(host, f"{parts.scheme}://{host}{port}")

    def new_challenge(self) -> bytes:
        return os.urandom(_CHALLENGE_OCTETS)

    def creation_options(self, person: Person, challenge: bytes, known: Collection[bytes]) -> str:
        return options_to_json(
            generate_registration_options(
                rp_id=self.rp_id,
                rp_name="Dialplane",
                user_id=person.id.bytes,
                user_name=person.email,
                user_display_name=person.name,
                challenge=challenge,
                authenticator_selection=AuthenticatorSelectionCriteria(
                    resident_key=ResidentKeyRequirement.REQUIRED,
                    user_verification=UserVerificationRequirement.REQUIRED,
                ),
                exclude_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
            )
        )

    def request_options(self, challenge: bytes, allowed: Collection[bytes]) -> str:
        return options_to_json(
            generate_authentication_options(
                rp_id=self.rp_id,
                challenge=challenge,
                allow_credentials=[PublicKeyCredentialDescriptor(id=each) for each in allowed],
                user_verification=UserVerificationRequirement.REQUIRED,
            )
        )

    def check_creation(self, answer: Mapping[str, object], challenge: bytes) -> Attested:
        try:
            good = verify_registration_response(
                credential=dict(answer),
                expected_challenge=challenge,
                expected_rp_id=self.rp_id,
                expected_origin=self.origin,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError) as fault:  # ValueError: broken base64 inside
            raise Invalid("The passkey was not accepted", field="passkey") from fault
        return Attested(good.credential_id, good.credential_public_key, good.sign_count)

    def check_assertion(self, answer: Mapping[str, object], challenge: bytes, passkey: Passkey) -> int:
        try:
            good = verify_authentication_response(
                credential=dict(answer),
                expected_challenge=challenge,
                expected_rp_id=self.rp_id,
                expected_origin=self.origin,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=passkey.sign_count,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError) as fault:
            raise _refused() from fault
        return good.new_sign_count

    def credential_of(self, answer: Mapping[str, object]) -> bytes:
        text = answer.get("rawId")
        if not isinstance(text, str) or not 1 <= len(text) <= _LONGEST_CREDENTIAL:
            raise _refused()
        try:
            return base64url_to_bytes(text)
        except ValueError as fault:
            raise _refused() from fault


def _refused() -> NotAuthenticated:
    return NotAuthenticated("The passkey was not accepted", reason="INVALID_CREDENTIALS")
