"""Numbers by which people ask for help, which must never end up in a flow, a pattern or a premium route by accident."""

from functools import lru_cache

from phonenumbers import SUPPORTED_SHORT_REGIONS, shortnumberinfo

LONGEST = 6
EVERYWHERE = frozenset({"112", "911"})
"""What phones take for an emergency call in every country (3GPP TS 22.101 section 10.1)."""
TEST_NUMBERS = {"US": "933", "CA": "933"}
"""Reads the address back, and takes the same way."""
_DECORATION = str.maketrans("", "", " .-()")


def emergency_number(dialled: str, country: str) -> str:
    """The bare number where `dialled` in `country` asks for help or tries whether that works; else ""."""
    bare = dialled.translate(_DECORATION) if len(dialled) <= 2 * LONGEST else ""
    if not (2 < len(bare) <= LONGEST and bare.isascii() and bare.isdigit()):
        return ""
    if bare in EVERYWHERE or TEST_NUMBERS.get(country.upper()) == bare:
        return bare
    return bare if shortnumberinfo.is_emergency_number(bare, country.upper()) else ""


@lru_cache(maxsize=1024)
def is_emergency_somewhere(text: str) -> bool:
    """Whether it is such a number of some country, written bare: what a flow may dial besides E.164."""
    if not (2 < len(text) <= LONGEST and text.isascii() and text.isdigit()):
        return False
    if text in EVERYWHERE or text in TEST_NUMBERS.values():
        return True
    return any(shortnumberinfo.is_emergency_number(text, region) for region in SUPPORTED_SHORT_REGIONS)
