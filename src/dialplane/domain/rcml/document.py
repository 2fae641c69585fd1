"""An XML document read into its elements (Restcomm reference 5.1).

No document may bring a DOCTYPE, entities or anything from elsewhere; a bare `&`, as it stands in hand-written URLs, is
repaired. Names are case-sensitive; attribute values and text are trimmed.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element as XmlElement
from xml.etree.ElementTree import ParseError, tostring
from xml.sax.saxutils import escape

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

MAX_DEPTH = 50
"""Elements within each other; nothing that means something is deeper than four."""
MAX_TEXT = 65_536
"""Characters of a document; longer ones are never fetched (WH-5) but may come with a request."""

_CDATA = re.compile(r"(<!\[CDATA\[.*?\]\]>)", re.DOTALL)
_PREFIX = re.compile(r"(</?)([A-Za-z_][A-Za-z0-9_.-]{0,63}):(?=[A-Za-z_])")
_BARE_AMPERSAND = re.compile(r"&(?!(?:[A-Za-z][A-Za-z0-9]*|#[0-9]+|#x[0-9A-Fa-f]+);)")


class DocumentFault(Exception):
    """The text is no document; says why, for its author."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element. `text` is its own text alone, `markup` everything between its tags where it has children."""

    name: str
    attributes: Mapping[str, str]
    text: str = ""
    children: tuple["Element", ...] = ()
    markup: str = ""

    def visit(self, known: frozenset[str], *, into_unknown: bool) -> Iterator["Element"]:
        """The children in order. Those of unknown names are for the caller to skip; with `into_unknown` (Restcomm's
        way) what is known inside of them follows."""
        for child in self.children:
            yield child
            if into_unknown and child.name not in known:
                yield from child.visit(known, into_unknown=True)


def parse_document(text: str) -> Element:
    """The root, whatever its name. Raises DocumentFault."""
    if len(text) > MAX_TEXT:
        raise DocumentFault(f"the document has more than {MAX_TEXT} characters")
    try:
        root = fromstring(_repaired(text.lstrip("\ufeff \t\r\n")), forbid_dtd=True)
    except DefusedXmlException as fault:
        raise DocumentFault("the document holds a DOCTYPE or an entity, which is not allowed") from fault
    except (ParseError, ValueError) as fault:
        raise DocumentFault(f"the document is not well-formed XML: {fault}") from fault
    return _element(root, MAX_DEPTH)


def _repaired(text: str) -> str:
    """The same text with each bare `&` written as `&amp;`, but in CDATA, where it may stand; and with prefixes that
    nobody declares as part of the name, since nobody declares that of Twilio's `<amazon:effect>`."""

    def joined(tag: re.Match[str]) -> str:
        return tag[0] if f"xmlns:{tag[2]}" in text else f"{tag[1]}{tag[2]}-"

    parts = _CDATA.split(text)
    parts[::2] = [_PREFIX.sub(joined, _BARE_AMPERSAND.sub("&amp;", part)) for part in parts[::2]]
    return "".join(parts)


def _element(found: XmlElement, depth: int) -> Element:
    if depth == 0:
        raise DocumentFault(f"the document nests elements more than {MAX_DEPTH} deep")
    return Element(
        _local(found.tag),
        {_local(name): value.strip() for name, value in found.attrib.items()},
        "".join([found.text or "", *(child.tail or "" for child in found)]).strip(),
        tuple(_element(child, depth - 1) for child in found),
        _markup(found) if _local(found.tag) == "Say" and len(found) else "",
    )


def _local(name: str) -> str:
    """The name without its namespace."""
    return name.rpartition("}")[2].strip()


def _markup(found: XmlElement) -> str:
    return escape(found.text or "") + "".join(tostring(child, encoding="unicode") for child in found)
