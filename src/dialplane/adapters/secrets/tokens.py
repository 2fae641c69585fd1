"""Sign-in tokens: JSON Web Tokens with HMAC-SHA-256 (RFC 7519)."""

from collections.abc import Mapping

import jwt

from dialplane.domain.errors import NotAuthenticated

_ALGORITHM = "HS256"


class JwtSigner:
    """Fulfils `services.identity.authentication.TokenSigner`. The secret never shows."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def sign(self, claims: Mapping[str, object]) -> str:
        return jwt.encode(dict(claims), self._secret, algorithm=_ALGORITHM)

    def open(self, token: str) -> Mapping[str, object]:
        # The service judges the expiry by the time that it is given, so the library's look at the wall clock is off.
        options = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}
        try:
            claims: Mapping[str, object] = jwt.decode(
                token,
                self._secret,
                algorithms=[_ALGORITHM],
                options=options,  # type: ignore[arg-type]  # TypedDict of the library
            )
        except jwt.InvalidTokenError as fault:
            raise NotAuthenticated("The credentials are not valid", reason="INVALID_CREDENTIALS") from fault
        return claims
