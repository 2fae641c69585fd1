"""WEB-9: pictures are kept without what cameras wrote into them, and are the same pictures."""

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from dialplane.domain.numbering.picture_facts import without_picture_facts

PLACE = b"52.5200N 13.4050E"
ORIENTATION, DESCRIPTION = 0x0112, 0x010E


def jpeg(*, turned: int = 0, comment: bytes = b"") -> bytes:
    exif = Image.Exif()
    exif[DESCRIPTION] = PLACE.decode()
    if turned:
        exif[ORIENTATION] = turned
    written = BytesIO()
    Image.linear_gradient("L").convert("RGB").save(written, "JPEG", exif=exif, comment=comment)
    return written.getvalue()


def png() -> bytes:
    facts = PngInfo()
    facts.add_text("Location", PLACE.decode())
    facts.add_itxt("Author", "Ann " + PLACE.decode())
    written = BytesIO()
    Image.linear_gradient("L").save(written, "PNG", pnginfo=facts)
    return written.getvalue()


@pytest.mark.parametrize("picture", [jpeg(), jpeg(turned=6, comment=PLACE), png()], ids=["jpeg", "turned jpeg", "png"])
def test_picture_is_the_same_and_tells_no_place(picture: bytes) -> None:
    bare = without_picture_facts(picture)

    assert PLACE in picture
    assert PLACE not in bare
    assert Image.open(BytesIO(bare)).tobytes() == Image.open(BytesIO(picture)).tobytes()
    assert without_picture_facts(bare) == bare


@pytest.mark.parametrize("turned", range(2, 9))
def test_how_it_is_to_be_turned_stays(turned: int) -> None:
    bare = without_picture_facts(jpeg(turned=turned))

    assert Image.open(BytesIO(bare)).getexif() == {ORIENTATION: turned}


def test_upright_picture_has_no_facts_at_all() -> None:
    assert len(Image.open(BytesIO(without_picture_facts(jpeg(turned=1)))).getexif()) == 0


@pytest.mark.parametrize("content", [b"%PDF-1.7 " + PLACE, b"II*\0" + PLACE, b""])
def test_what_is_no_such_picture_stays_as_it_is(content: bytes) -> None:
    assert without_picture_facts(content) == content


@given(st.sampled_from([jpeg(turned=3), png()]), st.integers(0, 2000), st.binary(max_size=4))
def test_broken_pictures_are_no_fault_of_ours(picture: bytes, at: int, octets: bytes) -> None:
    """Cut anywhere, or with other octets in it: something comes back, and no longer than what came."""
    broken = picture[:at] + octets + picture[at + len(octets) :]

    assert len(without_picture_facts(broken)) <= len(broken) + 64
    assert len(without_picture_facts(picture[:at])) <= len(picture)
