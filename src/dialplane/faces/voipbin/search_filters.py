"""The filters of `GET /v1.0/available_numbers`. VoIPBIN's own are `country_code` and `type`; the rest is ours.

`page_token` is where the page before ended in the order asked for, so that what is bought or imported between two pages
neither repeats nor hides another number.
"""

import base64
from dataclasses import dataclass, replace
from typing import Annotated, Literal

import msgspec
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from dialplane.domain.errors import Invalid
from dialplane.domain.numbering.numbers import NumberKind, parse_kind
from dialplane.domain.supply.inventory import CAPABILITIES, ItemQuery, Near, Ordering, SortKey
from dialplane.domain.supply.keypad import to_digits
from dialplane.faces.voipbin.paging import LARGEST_PAGE

_MOST_VALUES = 20
_LONGEST_TOKEN = 200
_OURS = {"country": "country_code", "spells": "letters", "near": "latitude"}
"""What this face calls a field of the query."""

Digits = Annotated[
    str,
    QueryParameter(
        pattern="^[0-9A-Za-z*?]{0,15}$", description="Digits, letters of a telephone's keypad, * or ? for any one digit"
    ),
]
Text = Annotated[str, QueryParameter(max_length=128)]
Price = Annotated[int | None, QueryParameter(ge=0, le=10**15)]


class _Token(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    order: Ordering
    first: float
    second: float
    number: Annotated[str, msgspec.Meta(pattern=r"^\+[0-9]{1,15}$")]


@dataclass(frozen=True, slots=True)
class Sought:
    """What a request looks for."""

    query: ItemQuery
    """Without its point, where the request gives that as a number."""
    near_number: str
    distance_km: float

    def near(self, latitude: float, longitude: float) -> ItemQuery:
        """The query, now that it is known where the number is."""
        return _checked(replace(self.query, near=Near(latitude, longitude, self.distance_km)))


def read_filters(
    country_code: Annotated[
        str, QueryParameter(max_length=100, description="ISO alpha-2, or several with commas; needed unless virtual")
    ] = "",
    type: Annotated[
        str,
        QueryParameter(
            max_length=100,
            description="normal, virtual, or local, toll_free (or toll-free) and mobile, several with commas",
        ),
    ] = "normal",
    starts_with: Digits = "",
    contains: Digits = "",
    letters: Digits = "",
    ends_with: Digits = "",
    area_code: Annotated[
        str, QueryParameter(pattern="^[0-9*?]{0,15}$", description="The digits after the country code, of one country")
    ] = "",
    region: Text = "",
    locality: Text = "",
    postal_code: Annotated[str, QueryParameter(max_length=16)] = "",
    features: Annotated[str, QueryParameter(max_length=100, description="All of these, e.g. voice,sms")] = "",
    documents_required: Annotated[
        Literal["any", "none"], QueryParameter(description="none: only what can be had at once")
    ] = "any",
    max_setup_micros: Price = None,
    max_monthly_micros: Price = None,
    max_total_micros: Annotated[
        int | None, QueryParameter(ge=0, le=10**15, description="Of set-up and the first month together")
    ] = None,
    latitude: Annotated[float | None, QueryParameter(description="With longitude: near this point")] = None,
    longitude: Annotated[float | None, QueryParameter(description="With latitude")] = None,
    near_number: Annotated[
        str, QueryParameter(pattern="^[+ ]?[0-9]{0,15}$", description="Near where this number is, in E.164")
    ] = "",
    distance_km: Annotated[float, QueryParameter(gt=0, le=1000)] = 40.0,
    order: Annotated[
        Literal["", "number", "price", "distance"],
        QueryParameter(
            description="price: the month's, then set-up. By distance where a point is given, else by number"
        ),
    ] = "",
    page_size: Annotated[
        int, QueryParameter(description="Rows of a page; 0 and less, and more than 100, give 100.")
    ] = LARGEST_PAGE,
    page_token: Annotated[
        str, QueryParameter(description="`next_page_token` of the page before; empty for the first page.")
    ] = "",
) -> Sought:
    """Raises Invalid naming the parameter."""
    kinds = _kinds(type)
    is_virtual = kinds == (NumberKind.VIRTUAL,)
    countries = () if is_virtual else _countries(country_code)
    for name, text in (("region", region), ("locality", locality), ("postal_code", postal_code)):
        if "\0" in text:
            raise _invalid(name, "holds no NUL")
    if near_number and (latitude is not None or longitude is not None):
        raise _invalid("near_number", "and a point exclude each other")
    query = ItemQuery(
        country=countries[0] if len(countries) == 1 else "",
        countries=countries if len(countries) > 1 else (),
        kinds=kinds,
        starts_with=_pattern(starts_with),
        contains=_pattern(contains),
        spells=_pattern(letters),
        ends_with=_pattern(ends_with),
        area_code=_pattern(area_code),
        region=region,
        locality=locality,
        postal_code=postal_code,
        capabilities=_capabilities(features),
        without_documents=documents_required == "none",
        max_setup_micros=max_setup_micros,
        max_monthly_micros=max_monthly_micros,
        max_total_micros=max_total_micros,
        near=_near(latitude, longitude, distance_km),
        order=Ordering(order) if order else None,
        limit=page_size if 1 <= page_size <= LARGEST_PAGE else LARGEST_PAGE,
    )
    number = f"+{near_number.lstrip('+ ')}" if near_number else ""  # an unescaped + of a query is a space
    # A number's place is looked up later; until then any point stands for it.
    query = _checked(query if not number else replace(query, near=Near(0, 0, distance_km)))
    return Sought(replace(query, after=_read_token(page_token, query.ordering)), number, distance_km)


def _checked(query: ItemQuery) -> ItemQuery:
    try:
        query.check()
    except Invalid as fault:
        field = _OURS.get(fault.field, fault.field)
        message = fault.message.replace(fault.field, field, 1)
        raise Invalid(message, reason=fault.reason, field=field) from fault
    return query


def _countries(text: str) -> tuple[str, ...]:
    if not text:
        raise Invalid("country_code is needed unless type is virtual", field="country_code")
    return tuple(dict.fromkeys(word.upper() for word in _words(text, "country_code")))


def _kinds(text: str) -> tuple[NumberKind, ...]:
    """What VoIPBIN calls `normal` is any number of the public network."""
    if text in ("", "normal"):
        return ()
    kinds = tuple(dict.fromkeys(parse_kind(word) for word in _words(text, "type")))
    if NumberKind.VIRTUAL in kinds and len(kinds) > 1:
        raise _invalid("type", "virtual stands alone")
    return kinds


def _capabilities(text: str) -> tuple[str, ...]:
    words = _words(text, "features") if text else []
    for word in words:
        if word not in CAPABILITIES:
            raise _invalid("features", f"are among {', '.join(CAPABILITIES)}")
    return tuple(dict.fromkeys(words))


def _words(text: str, field: str) -> list[str]:
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not 1 <= len(words) <= _MOST_VALUES:
        raise _invalid(field, f"is 1 to {_MOST_VALUES} words with commas between")
    return words


def _pattern(text: str) -> str:
    return to_digits(text).replace("?", "*")


def _near(latitude: float | None, longitude: float | None, distance_km: float) -> Near | None:
    if latitude is None and longitude is None:
        return None
    if latitude is None or longitude is None:
        raise _invalid("latitude" if latitude is None else "longitude", "is needed: the two come together")
    return Near(latitude, longitude, distance_km)


def show_token(query: ItemQuery, key: SortKey | None) -> str:
    """What a page that ends at the key is followed by; "" where nothing follows."""
    if key is None:
        return ""
    return base64.urlsafe_b64encode(msgspec.json.encode(_Token(query.ordering, *key))).decode().rstrip("=")


def _read_token(text: str, order: Ordering) -> SortKey | None:
    if not text:
        return None
    try:
        padded = text[:_LONGEST_TOKEN] + "=" * (-len(text[:_LONGEST_TOKEN]) % 4)
        token = msgspec.json.decode(base64.b64decode(padded, altchars=b"-_", validate=True), type=_Token)
    except (ValueError, msgspec.DecodeError) as fault:
        raise _invalid("page_token", "is not the next_page_token of this list") from fault
    if token.order is not order:
        raise _invalid("page_token", f"is of a list in order of {token.order}")
    return token.first, token.second, token.number


def _invalid(field: str, says: str) -> Invalid:
    return Invalid(f"{field} {says}", reason="INVALID_ARGUMENT", field=field)


Wanted = NamedDependency[Sought]
"""What the list declares: `sought: Wanted`."""
