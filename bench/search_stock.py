"""A stock of made-up numbers as large as wanted, shaped like a real one, for `search.py`.

Seven in ten are North American, in areas of a few dozen exchanges' places; the rest are toll-free and other countries'.
They come in no order, as imports do.
"""

import random
import time
from dataclasses import dataclass

import asyncpg

STEP = 7_919_777
"""A prime: the numbers of a block are spread over all that it could hold."""
PLACES_A_BLOCK = 20
COUNTRIES = (("GB", "44", 10), ("DE", "49", 10), ("FR", "33", 9), ("JP", "81", 9), ("BR", "55", 10))
"""Beside North America: the country, its code, digits after that."""
_AT_ONCE = 250_000


@dataclass(frozen=True, slots=True)
class Block:
    """Numbers that begin with `head`, `tail` digits after it."""

    head: str
    tail: int
    country: str
    type: str
    capabilities: tuple[str, ...]
    setup_micros: int
    monthly_micros: int
    documents: tuple[str, ...]
    places: tuple[tuple[str, str, str, float, float], ...]
    """Region, locality, postal code, latitude, longitude."""


def blocks(dice: random.Random) -> list[Block]:
    """Seven in ten of them in North America."""
    areas = dice.sample(range(201, 790), 300)
    found = [_block(dice, f"+1{area}", 7, "CA" if n % 8 == 0 else "US", "local") for n, area in enumerate(areas)]
    found += [_block(dice, f"+1{area}", 7, "US", "toll_free") for area in ("800", "833", "844", "855", "866", "888")]
    for country, code, length in (
        ("GB", "44", 10),
        ("DE", "49", 10),
        ("FR", "33", 9),
        ("JP", "81", 9),
        ("BR", "55", 10),
    ):
        heads = dice.sample(range(200, 699), 18)
        found += [_block(dice, f"+{code}{head}", length - 3, country, "local") for head in heads]
        found += [_block(dice, f"+{code}{head}", length - 3, country, "mobile") for head in (701, 702, 703, 704)]
    return found


def _block(dice: random.Random, head: str, tail: int, country: str, type: str) -> Block:
    capabilities = [("voice", "sms", "mms"), ("voice", "sms"), ("voice",), ("voice", "sms", "mms", "fax")]
    is_documented = country not in ("US", "CA") and dice.random() < 0.4
    return Block(
        head=head,
        tail=tail,
        country=country,
        type=type,
        capabilities=dice.choices(capabilities, (50, 30, 15, 5))[0],
        setup_micros=dice.choice((0, 0, 0, 1_000_000)),
        monthly_micros=dice.choice((800_000, 1_000_000, 1_000_000, 1_150_000, 2_000_000, 5_000_000)),
        documents=("proof_of_address",) if is_documented else (),
        places=_places(dice) if type == "local" else (("", "", "", 0.0, 0.0),),
    )


def _places(dice: random.Random) -> tuple[tuple[str, str, str, float, float], ...]:
    region = f"R{dice.randrange(60):02}"
    latitude, longitude = dice.uniform(26, 48), dice.uniform(-122, -70)
    return tuple(
        (
            region,
            f"Town {dice.randrange(4000)}",
            f"{dice.randrange(10**4, 10**5)}",
            round(latitude + dice.uniform(-0.7, 0.7), 4),
            round(longitude + dice.uniform(-0.7, 0.7), 4),
        )
        for _ in range(PLACES_A_BLOCK)
    )


_BLOCKS = """
create temporary table blocks (n int primary key, head text, tail int, country text, type text, capabilities text[],
    setup_micros bigint, monthly_micros bigint, documents text[], regions text[], localities text[], codes text[],
    latitudes float8[], longitudes float8[])
"""
_LOAD = """
insert into inventory_items (
    id, number, carrier, type, country, region, locality, postal_code, latitude, longitude, capabilities,
    setup_micros, monthly_micros, documents_required, state, created_at, updated_at
)
select uuidv7(), head || lpad(((i / $3 * $4 + n * 1234577) % (10 ^ tail)::bigint)::text, tail, '0'), 'owned', type,
       country, regions[place], localities[place], codes[place],
       case when type = 'local' then latitudes[place] end, case when type = 'local' then longitudes[place] end,
       capabilities, setup_micros, monthly_micros, documents, 'offered', now(), now()
from generate_series($1::bigint, $2::bigint) as i
join blocks on n = i % $3
cross join lateral (select 1 + (i / $3) % cardinality(regions) as place) as p
"""


async def fill(connection: asyncpg.Connection, count: int) -> list[Block]:
    """Put `count` items in stock; the search's indexes are made afterwards, all at once."""
    made = blocks(random.Random(1))
    await connection.execute(
        "set statement_timeout = 0; set synchronous_commit = off; set maintenance_work_mem = '1GB'"
    )
    await connection.execute(_BLOCKS)
    await connection.copy_records_to_table(
        "blocks",
        records=[
            (n, b.head, b.tail, b.country, b.type, b.capabilities, b.setup_micros, b.monthly_micros, b.documents,
             *(list(column) for column in zip(*b.places, strict=True)))
            for n, b in enumerate(made)
        ],
    )  # fmt: skip
    indexes = await connection.fetch(
        "select indexname, indexdef from pg_indexes where tablename = 'inventory_items'"
        " and indexdef not like '%UNIQUE%'"
    )
    for index in indexes:
        await connection.execute(f"drop index {index['indexname']}")
    begun = time.monotonic()
    for first in range(0, count, _AT_ONCE):
        await connection.execute(_LOAD, first, min(first + _AT_ONCE, count) - 1, len(made), STEP)
    print(f"{count} items in {time.monotonic() - begun:.0f} s", flush=True)
    for index in indexes:
        begun = time.monotonic()
        await connection.execute(index["indexdef"])
        print(f"{index['indexname']} in {time.monotonic() - begun:.0f} s", flush=True)
    await connection.execute("vacuum analyze inventory_items")
    return made
