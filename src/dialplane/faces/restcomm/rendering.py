"""Answers in JSON and XML from one description: JSON names in the order of the documentation, XML names derived."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias
from xml.sax.saxutils import escape, quoteattr

import msgspec
from litestar import Response

from dialplane.faces.restcomm.dialects import Asked

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML 1.0 document may hold."""


@dataclass(frozen=True, slots=True)
class Forked:
    """A value that the two forms show differently."""

    json: object
    xml: object


Members: TypeAlias = Mapping[str, object]
"""A resource: JSON names with text, numbers, booleans, None, mappings, lists, or Forked."""


def show(asked: Asked, element: str, members: Members, *, status: int = 200) -> Response[bytes]:
    """One resource; `element` is its name in XML."""
    if asked.wants_json:
        return answer(asked, msgspec.json.encode(json_form(members)), status=status)
    return answer(asked, envelope(asked, xml_element(element, members)), status=status)


def answer(asked: Asked, body: bytes, *, status: int = 200) -> Response[bytes]:
    return Response(body, status_code=status, media_type=asked.media_type)


def nothing() -> Response[None]:
    """The answer to a delete."""
    return Response(None, status_code=204)


def json_form(value: object) -> object:
    """The value as JSON shows it."""
    match value:
        case Forked():
            return json_form(value.json)
        case Mapping():
            return {name: json_form(member) for name, member in value.items()}
        case list() | tuple():
            return [json_form(member) for member in value]
    return value


def envelope(asked: Asked, inner: str) -> bytes:
    root = asked.dialect.envelope
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root}>{inner}</{root}>'.encode()


def xml_element(name: str, value: object) -> str:
    """`name` is an element's name already; the names of members below are derived."""
    if isinstance(value, Forked):
        value = value.xml
    inner = _xml_inner(value)
    return f"<{name}>{inner}</{name}>" if inner else f"<{name}/>"


def xml_list(element: str, item: str, rows: Iterable[Members], attributes: Mapping[str, object] | None = None) -> str:
    """`<element page="0" …><item>…</item>…</element>`."""
    head = element + "".join(f" {key}={quoteattr(xml_text(each))}" for key, each in (attributes or {}).items())
    return f"<{head}>{''.join(xml_element(item, row) for row in rows)}</{element}>"


def _xml_inner(value: object) -> str:
    if isinstance(value, Mapping):
        return "".join(xml_element(camel_case(name), member) for name, member in value.items())
    if isinstance(value, list | tuple):
        return "".join(xml_element("Item", member) for member in value)
    return escape(xml_text(value))


def xml_text(value: object) -> str:
    """A plain value as text; None is the empty text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return _NOT_XML.sub("�", str(value))


def camel_case(name: str) -> str:
    """`voice_url` and `voiceUrl` give `VoiceUrl`."""
    return "".join(word[:1].upper() + word[1:] for word in name.split("_"))
