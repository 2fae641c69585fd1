"""The letters on the keys of a telephone (ITU-T E.161): 2ABC 3DEF 4GHI 5JKL 6MNO 7PQRS 8TUV 9WXYZ."""

_KEYS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")


def to_digits(text: str) -> str:
    """The keys that spell the text, in whatever case; what is no letter of a key stays as it is."""
    return text.upper().translate(_KEYS)
