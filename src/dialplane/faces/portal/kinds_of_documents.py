"""Kinds of documents as people read them, and those to choose from."""

from collections.abc import Iterable, Sequence

_COMMON = ("proof_of_identity", "proof_of_address", "business_registration", "letter_of_authorization", "phone_bill")
"""What carriers ask for most. A kind that an open order asks for and that is not among them is offered too."""


def kind_words(kind: str) -> str:
    """`proof_of_address` is "Proof of address"."""
    words = kind.replace("_", " ")
    return words[:1].upper() + words[1:]


def kind_choices(asked: Iterable[str] = ()) -> Sequence[tuple[str, str]]:
    """What is asked for first."""
    return [(kind, kind_words(kind)) for kind in dict.fromkeys((*asked, *_COMMON))]
