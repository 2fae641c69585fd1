"""XML that a tenant writes for the voice, made to do harm (IN-1)."""

import time
from pathlib import Path

import pytest

from dialplane.domain.errors import Invalid
from dialplane.domain.speech.ssml import safe_ssml

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
HOSTILE = {
    "file": '<!DOCTYPE speak [<!ENTITY x SYSTEM "file:///etc/passwd">]><speak>&x;</speak>',
    "url": '<!DOCTYPE speak [<!ENTITY x SYSTEM "http://127.0.0.1:9/x">]><speak>&x;</speak>',
    "external subset": '<!DOCTYPE speak SYSTEM "http://127.0.0.1:9/x.dtd"><speak>hello</speak>',
    "parameter entity": '<!DOCTYPE speak [<!ENTITY % x SYSTEM "file:///etc/passwd"> %x;]><speak>hello</speak>',
    "billion laughs": f'<!DOCTYPE speak [<!ENTITY l0 "lol">{LAUGHS}]><speak>&l9;</speak>',
    "quadratic blow-up": f'<!DOCTYPE speak [<!ENTITY a "{"a" * 30_000}">]><speak>{"&a;" * 5_000}</speak>',
    "deep nesting": "<speak>" + "<p>" * 200_000 + "</p>" * 200_000 + "</speak>",
    "nesting of 17": "<speak>" + "<p>" * 16 + "</p>" * 16 + "</speak>",
    "many elements": "<speak>" + "<break/>" * 500 + "</speak>",
    "large": "<speak>" + "a" * (64 << 10) + "</speak>",
    "undefined entity": "<speak>&nbsp;</speak>",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_markup_is_refused_in_no_time(name: str) -> None:
    """IN-1: error within 50 ms, and nothing is read."""
    begun = time.thread_time()
    with pytest.raises(Invalid) as refusal:
        safe_ssml(HOSTILE[name])

    assert time.thread_time() - begun < 0.05
    assert refusal.value.field == "text"
    assert "root:" not in refusal.value.message


def test_entity_of_a_file_is_never_opened(tmp_path: Path) -> None:
    """IN-1"""
    secret = tmp_path / "secret"
    secret.write_text("told")

    with pytest.raises(Invalid) as refusal:
        safe_ssml(f'<!DOCTYPE s [<!ENTITY x SYSTEM "{secret.as_uri()}">]><speak>&x;</speak>')

    assert "told" not in refusal.value.message


def test_what_just_fits_is_spoken() -> None:
    """IN-1: 16 levels, 500 elements."""
    deep = "<speak>" + "<p>" * 15 + "a" + "</p>" * 15 + "</speak>"
    many = "<speak>" + "<s>a</s>" * 499 + "</speak>"

    assert safe_ssml(deep) == deep
    assert safe_ssml(many) == many
