"""What cameras and programs write into pictures beside what is seen: places, times, names (EXIF, XMP, IPTC, texts).

A passport's photograph need not tell where it was taken (WEB-9). How the picture is to be turned stays, or whoever
looks at it would have to lie on his side. Pixels are not touched, and what is no whole picture is left as it is: it is
shown to people only, and never by a browser's own guess.
"""

import struct
import zlib
from collections.abc import Iterator

_JPEG, _PNG = b"\xff\xd8", b"\x89PNG\r\n\x1a\n"
_EXIF = b"Exif\0\0"
_APP1, _APP13, _COMMENT, _SCAN, _END = 0xE1, 0xED, 0xFE, 0xDA, 0xD9
_TELLING_CHUNKS = frozenset({b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME"})
_ORIENTATION = 0x0112
_UPRIGHT = 1
_MOST_TAGS = 512


def without_picture_facts(content: bytes) -> bytes:
    """A JPEG or PNG without them; anything else as it is."""
    if content.startswith(_JPEG):
        return _bare_jpeg(content)
    if content.startswith(_PNG):
        return _bare_png(content)
    return content


def _bare_jpeg(content: bytes) -> bytes:
    kept = [_JPEG]
    for marker, begin, end in _segments(content):
        if marker == _SCAN:  # from here on it is the picture
            return b"".join(kept) + content[begin:]
        if marker == _APP1 and (turned := _orientation(content[begin + 4 : end])) != _UPRIGHT:
            kept.append(_only_orientation(turned))
        elif marker not in (_APP1, _APP13, _COMMENT):
            kept.append(content[begin:end])
    return content


def _segments(content: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, first octet and the one after the last, of each segment before the picture; ends where there is none."""
    at = len(_JPEG)
    while at + 4 <= len(content) and content[at] == 0xFF and content[at + 1] != _END:
        end = at + 2 + int.from_bytes(content[at + 2 : at + 4], "big")
        if end > len(content) or end < at + 4:
            return
        yield content[at + 1], at, end
        at = end


def _orientation(segment: bytes) -> int:
    """1 to 8 (EXIF 2.32, 4.6.4 A); 1, which is upright, where the segment says nothing of it."""
    tiff = segment.removeprefix(_EXIF)
    if tiff == segment or tiff[:2] not in (b"II", b"MM"):
        return _UPRIGHT
    order = "<" if tiff[:2] == b"II" else ">"
    try:
        (start,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, start)
        for n in range(min(count, _MOST_TAGS)):
            tag, _, _, value = struct.unpack_from(f"{order}HHIH", tiff, start + 2 + 12 * n)
            if tag == _ORIENTATION:
                return value if 1 <= value <= 8 else _UPRIGHT
    except struct.error:
        return _UPRIGHT
    return _UPRIGHT


def _only_orientation(turned: int) -> bytes:
    """A segment that says this and nothing else."""
    tiff = struct.pack("<2sHIHHHIHHI", b"II", 42, 8, 1, _ORIENTATION, 3, 1, turned, 0, 0)
    body = _EXIF + tiff
    return struct.pack(">BBH", 0xFF, _APP1, len(body) + 2) + body


def _bare_png(content: bytes) -> bytes:
    kept, at = [_PNG], len(_PNG)
    while at + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, at)
        end = at + 12 + length
        kind = content[at + 4 : at + 8]
        if end > len(content) or zlib.crc32(content[at + 4 : end - 4]) != int.from_bytes(content[end - 4 : end], "big"):
            return content
        if kind not in _TELLING_CHUNKS:
            kept.append(content[at:end])
        if kind == b"IEND":
            return b"".join(kept)
        at = end
    return content
