"""Tags and metadata: laid over each other, within limits."""

import pytest

from dialplane.domain.errors import Invalid
from dialplane.domain.labels import check_tags, merge_metadata


def test_change_is_laid_over_what_is_kept_and_none_takes_a_key_off() -> None:
    kept = {"city": "Berlin", "floor": 3}

    assert merge_metadata(kept, {"floor": None, "vip": True}) == {"city": "Berlin", "vip": True}
    assert kept == {"city": "Berlin", "floor": 3}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"": "x"}, "metadata"),
        ({"k" * 65: "x"}, "metadata"),
        ({"k": "x" * 513}, "metadata.k"),
        ({"k": ["x"]}, "metadata.k"),
        ({"rtp_debug": "yes"}, "metadata.rtp_debug"),
        ({f"k{n}": n for n in range(51)}, "metadata"),
    ],
)
def test_metadata_beyond_its_limits_is_refused_by_its_field(change: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        merge_metadata({}, change)
    assert refusal.value.field == field


def test_key_that_takes_the_place_of_another_is_no_key_too_many() -> None:
    full = {f"k{n}": n for n in range(50)}

    assert len(merge_metadata(full, {"k0": None, "new": 1})) == 50


@pytest.mark.parametrize("tags", [["x"] * 51, [""], ["x" * 65]])
def test_tags_beyond_their_limits_are_refused(tags: list[str]) -> None:
    with pytest.raises(Invalid) as refusal:
        check_tags(tags)
    assert refusal.value.field == "tags"
