"""Direct hashes: addresses under which anyone may call a resource (`sip:direct.<12 hex>@…`, VoIPBIN reference 6.11)."""

import secrets


def new_direct_hash() -> str:
    """A new one voids the old one at once."""
    return f"direct.{secrets.token_hex(6)}"
