"""Patterns in the portal: taken, refused with the reason, in the order of the routing."""

from dialplane.services.transaction import Database
from tests.portal.conftest import Surfer


async def test_patterns_stand_in_the_order_in_which_calls_try_them(surfer: Surfer, at: str, database: Database) -> None:
    """The longest first, of equally long ones the oldest, `*` last: and the trial says the same."""
    page = await surfer.get(f"{at}/numbers/patterns")

    taken = [
        await surfer.send(page, "/patterns", pattern=pattern) for pattern in ("9", "*", "1650.*", "16508.*", "16509.*")
    ]
    listed = await surfer.get(f"{at}/numbers/patterns?dialled=16508251255")

    table = listed.text[: listed.text.index("</table>")]
    places = [table.index(f"<code>{pattern}</code>") for pattern in ("16508.*", "16509.*", "1650.*", "9", "*")]
    assert all("The pattern is taken." in shown.words for shown in taken)
    assert places == sorted(places)
    assert "the longest pattern of the organization that takes it" in listed.words
    assert "takes it too, but a longer or older one came first" in listed.words


async def test_pattern_that_cannot_be_is_refused_with_its_reason(surfer: Surfer, at: str) -> None:
    page = await surfer.get(f"{at}/numbers/patterns")
    await surfer.send(page, "/patterns", pattern="77.*")

    broken = await surfer.send(page, "/patterns", pattern="(", name="My name stays")
    looking = await surfer.send(page, "/patterns", pattern="(?=9)")
    twice = await surfer.send(page, "/patterns", pattern="77.*")

    assert (broken.status, "is no pattern" in broken.words, "My name stays" in broken.text) == (422, True, True)
    assert (looking.status, "a look-ahead" in looking.words) == (422, True)
    assert (twice.status, "The number is taken" in twice.words) == (422, True)


async def test_pattern_may_have_to_be_the_whole_of_what_was_dialled(surfer: Surfer, at: str) -> None:
    page = await surfer.get(f"{at}/numbers/patterns")
    await surfer.send(page, "/patterns", pattern="123")

    anywhere = await surfer.get(f"{at}/numbers/patterns?dialled=91234")
    await surfer.send(anywhere, "/anchor", anchored="yes")
    whole = await surfer.get(f"{at}/numbers/patterns?dialled=91234")

    assert "any part of what was dialled" in anywhere.words
    assert "is not the whole of 91234" in whole.words
