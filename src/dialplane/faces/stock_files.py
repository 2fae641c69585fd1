"""The stock as files: CSV and JSON with the columns that an import reads back to the same."""

import csv
import io
from collections.abc import AsyncIterator, Iterable

import msgspec

from dialplane.domain.csv_cells import guard
from dialplane.domain.supply.import_cells import join_words
from dialplane.domain.supply.inventory import Item, ItemState

COLUMNS = (
    "number", "type", "country", "region", "locality", "postal_code", "latitude", "longitude", "capabilities",
    "setup_micros", "monthly_micros", "documents_required", "account_id", "trunk", "carrier", "state",
)  # fmt: skip
"""The last two are for the reader: an import passes them over. `account_id` stands where an account has the number."""


def show_item(item: Item) -> dict[str, object]:
    """As lists have it."""
    return {
        "number": item.number,
        "type": item.kind.value,
        "country": item.country,
        "region": item.region,
        "locality": item.locality,
        "postal_code": item.postal_code,
        "latitude": item.latitude,
        "longitude": item.longitude,
        "capabilities": list(item.capabilities),
        "setup_micros": item.setup_micros,
        "monthly_micros": item.monthly_micros,
        "documents_required": list(item.documents_required),
        "account_id": item.account_id,
        "trunk": item.trunk_id,
        "carrier": item.carrier,
        "state": item.state.value,
    }


def _exported(item: Item) -> dict[str, object]:
    """As files have it: who only holds or last had a number is not whom an import should give it to."""
    shown = show_item(item)
    return shown if item.state is ItemState.ASSIGNED else shown | {"account_id": None}


async def as_json(parts: AsyncIterator[list[Item]]) -> AsyncIterator[bytes]:
    """`{"items": [...]}`, an item a line."""
    before = b'{"items": [\n'
    async for items in parts:
        yield before + b",\n".join(msgspec.json.encode(_exported(item)) for item in items)
        before = b",\n"
    yield (before if before.startswith(b"{") else b"") + b"\n]}\n"


async def as_csv(parts: AsyncIterator[list[Item]]) -> AsyncIterator[bytes]:
    """RFC 4180, with headings."""
    yield _lines([COLUMNS])
    async for items in parts:
        yield _lines(_cells(item) for item in items)


def _lines(rows: Iterable[Iterable[object]]) -> bytes:
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue().encode()


def _cells(item: Item) -> list[object]:
    """Only texts are guarded: a number's `+` and a longitude's `-` are no formula, and importing wants them as they
    are."""
    shown = _exported(item) | {
        "capabilities": join_words(item.capabilities),
        "documents_required": join_words(item.documents_required),
    }
    for name in ("region", "locality", "postal_code", "carrier"):
        shown[name] = guard(str(shown[name]))
    if item.documents_required:
        shown["documents_required"] = guard(str(shown["documents_required"]))
    return ["" if shown[name] is None else shown[name] for name in COLUMNS]
