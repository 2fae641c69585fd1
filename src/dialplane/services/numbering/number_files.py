"""An account's own numbers as files: names, tags, metadata and targets, written out and read back.

What `write_numbers` writes `preview_file` reads, so that a spreadsheet is a way to change thousands of numbers. A file
changes numbers that the account holds; it buys none.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice

from dialplane.domain.calling.routing import forms
from dialplane.domain.csv_cells import csv_lines
from dialplane.domain.errors import Invalid, Refusal
from dialplane.domain.ids import AccountId, NumberId, new_id
from dialplane.domain.labels import check_tags, merge_metadata
from dialplane.domain.numbering.history import Actor
from dialplane.domain.numbering.number_jobs import (
    LONGEST_DETAIL,
    LONGEST_FIELD,
    LONGEST_NUMBER,
    MOST_NUMBERS,
    JobChange,
    JobId,
    JobKind,
    JobLine,
    JobState,
    LineOutcome,
    NumberJob,
    facts_of,
)
from dialplane.domain.numbering.numbers import Number, NumberFilter
from dialplane.domain.numbering.targets import UNWRITTEN, Targets, TargetsChange
from dialplane.domain.supply.import_columns import headings
from dialplane.domain.supply.import_files import ImportFile, Line, open_file
from dialplane.domain.supply.imports import NONE
from dialplane.domain.tenancy.accounts import Account
from dialplane.services.numbering.number_jobs import get_job
from dialplane.services.numbering.numbers import check_new_targets, list_numbers_after
from dialplane.services.numbering.target_texts import Named, load_named, read_message, read_voice, write_target
from dialplane.services.supply.kept_files import KeptFile, load_kept
from dialplane.services.transaction import Database, Transaction

SLICE = 500
"""Lines that are read at a stretch: some ten milliseconds, in which the process does nothing else."""

_PAGE = 1000
METADATA = "metadata."
_LONGEST_TEXT = {"name": 255, "detail": 4096}

FIELDS = ("number", "name", "detail", "tags", "calls", "messages", "protected")
COLUMNS = headings(
    {
        "number": "number phonenumber phone did didnumber msisdn e164 tn telephone telephonenumber tel",
        "name": "name friendlyname label",
        "detail": "detail details description note notes comment",
        "tags": "tags tag labels",
        "calls": "calls call voice voicetarget incomingcalls target",
        "messages": "messages message sms messagetarget incomingmessages",
        "protected": "protected locked",
    },
    open_prefix=METADATA,
)
_SHOWN = ("type", "country", "status", "monthly_micros", "purchased_at")
"""Written for people; not read back."""


# --- reading ---------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Context:
    """What lines are read against."""

    account: Account
    named: Named
    checked: set[Targets] = field(default_factory=set)
    seen: dict[NumberId, int] = field(default_factory=dict)
    """Each number, and the line that it stands in."""


async def preview_file(
    database: Database,
    account_id: AccountId,
    body: bytes,
    now: datetime,
    *,
    by: Actor,
    mapping: Mapping[str, str] | None = None,
) -> NumberJob:
    """Read a file and keep what it would do; the numbers stay as they are. `mapping` names columns that are not to be
    guessed: field to heading, or "" for none.

    Raises Invalid (field `csv`, `json` or `column`) where the file as a whole cannot be read.
    """
    async with database.transaction() as tx:
        file = open_file(body, mapping or {}, COLUMNS)
        job = NumberJob(
            JobId(new_id(now)), account_id, JobKind.IMPORT, JobState.PREVIEWED, by, now, now, reading=file.reading
        )
        await tx.number_jobs.add(job)
        await tx.kept_files.add(job.id, KeptFile(body), now)
        context = _Context(await tx.accounts.get(account_id), await load_named(tx, account_id))
        lines = _numbered(file)
        while some := list(islice(lines, SLICE)):
            await tx.number_jobs.add_lines(job.id, await _read_lines(tx, context, some))
            await asyncio.sleep(0)  # others have their turn
        read = replace(job, reading=file.reading, counts=await tx.number_jobs.count(job.id))
        if not read.counts.total:
            raise Invalid("the file has headings and no numbers", reason="INVALID_ARGUMENT", field=file.format)
        await tx.number_jobs.save(read)
    return read


async def read_file_again(
    database: Database, account_id: AccountId, job_id: JobId, mapping: Mapping[str, str], now: datetime, *, by: Actor
) -> NumberJob:
    """The file of a preview once more, as another job, with these columns. Raises NotFound, Conflict where the file is
    gone or applied, Invalid as `preview_file`."""
    job = await get_job(database, account_id, job_id)
    async with database.reading() as tx:
        kept = await load_kept(tx, job_id, is_open=job.state is JobState.PREVIEWED)
    return await preview_file(database, account_id, kept.body, now, by=by, mapping=mapping)


def _numbered(file: ImportFile) -> Iterator[tuple[int, Line]]:
    for position, line in enumerate(file.lines(), start=1):
        if position > MOST_NUMBERS:
            raise Invalid(f"at most {MOST_NUMBERS} numbers at a time", reason="INVALID_ARGUMENT", field=file.format)
        yield position, line


async def _read_lines(tx: Transaction, context: _Context, lines: Sequence[tuple[int, Line]]) -> list[JobLine]:
    spelled = {position: _spellings(context, line) for position, line in lines}
    found = await _find(tx, context.account, {text for texts in spelled.values() for text in texts})
    read: list[JobLine] = []
    for position, line in lines:
        number = next((found[text] for text in spelled[position] if text in found), None)
        try:
            read.append(await _read_line(tx, context, position, line, number))
        except Refusal as refusal:
            read.append(
                JobLine(
                    position,
                    line.cells.get("number", "")[:LONGEST_NUMBER],
                    LineOutcome.PROBLEM,
                    line.number,
                    field=refusal.field[:LONGEST_FIELD],
                    detail=refusal.message[:LONGEST_DETAIL],
                )
            )
    return read


def _spellings(context: _Context, line: Line) -> tuple[str, ...]:
    """As it is written, then as somebody in the account's country means it."""
    text = line.cells.get("number", "")[:LONGEST_NUMBER]
    read = f"+{text}" if line.international and text[:1].isdigit() else text
    return (text, *forms(read, context.account.home_country)) if text else ()


async def _find(tx: Transaction, account: Account, texts: set[str]) -> dict[str, Number]:
    """The account's live numbers of these texts, SIP numbers and patterns too."""
    found = {each.number: each for each in await tx.numbers.find_live(list(texts)) if each.account_id == account.id}
    inside = (await tx.patterns.find_inside(account.organization_id, texts - found.keys())).exact
    for number in await tx.numbers.find_many(inside.values()):
        if number.account_id == account.id:
            found[number.number] = number
    return found


async def _read_line(tx: Transaction, context: _Context, position: int, line: Line, number: Number | None) -> JobLine:
    """Raises Refusal where the line cannot be done."""
    if line.fault is not None:
        raise line.fault
    if number is None:
        raise Invalid("it is not one of your numbers", field="number")
    if number.id in context.seen:
        raise Invalid(f"{number.number} stands in line {context.seen[number.id]} too", field="number")
    context.seen[number.id] = line.number
    change = _read_change(line, context.named, number)
    facts = change.over(facts_of(number))
    if facts.targets != number.targets and facts.targets not in context.checked:
        await check_new_targets(tx, number, facts.targets)
        context.checked.add(facts.targets)
    outcome = LineOutcome.SAME if facts == facts_of(number) else LineOutcome.WAITING
    return JobLine(position, number.number, outcome, line.number, number.id, change)


def _read_change(line: Line, named: Named, number: Number) -> JobChange:
    """An empty cell leaves the field as it is; `-` empties it. Raises Invalid naming the field."""
    cells = line.cells
    calls, messages = cells.get("calls", ""), cells.get("messages", "")
    # A document has fields that a line of text does not tell: what is written as it was stays whole.
    keeps_calls = not calls or calls == write_target(number.targets.voice)
    keeps_messages = not messages or messages == write_target(number.targets.message)
    return JobChange(
        name=_text(cells, "name"),
        detail=_text(cells, "detail"),
        tags=_tags(cells.get("tags", "")),
        metadata=_metadata(cells, number),
        protected=_switch(cells.get("protected", "")),
        targets=TargetsChange(
            voice=UNWRITTEN if keeps_calls else read_voice(calls, named, field="calls"),
            message=UNWRITTEN if keeps_messages else read_message(messages, named, field="messages"),
        ),
    )


def _text(cells: Mapping[str, str], name: str) -> str | None:
    text = cells.get(name, "")
    if len(text) > _LONGEST_TEXT[name]:
        raise Invalid(f"{name} has {_LONGEST_TEXT[name]} characters at most", field=name)
    return "" if text == NONE else text or None


def _tags(text: str) -> tuple[str, ...] | None:
    if not text:
        return None
    tags = () if text == NONE else tuple(dict.fromkeys(tag for part in text.split(",") if (tag := part.strip())))
    check_tags(tags)
    return tags


def _metadata(cells: Mapping[str, str], number: Number) -> dict[str, object]:
    """What differs: numbers and switches that the file has as they were written stay numbers and switches."""
    change: dict[str, object] = {}
    for name, text in cells.items():
        key = name.removeprefix(METADATA)
        if name.startswith(METADATA) and text and text != _shown(number.metadata.get(key)):
            change[key] = None if text == NONE else text
    merge_metadata({}, change)
    return change


_SWITCHES = {"": None, "yes": True, "true": True, "1": True, "no": False, "false": False, "0": False, NONE: False}


def _switch(text: str) -> bool | None:
    try:
        return _SWITCHES[text.lower()]
    except KeyError:
        raise Invalid("protected is yes or no", field="protected") from None


# --- writing ---------------------------------------------------------------------------------------------------------


async def write_csv(
    database: Database, account_id: AccountId, selected: Sequence[NumberId] | NumberFilter
) -> AsyncIterator[str]:
    """The numbers as CSV, a page at a time. Metadata has a column for each key of the first page."""
    keys: list[str] | None = None
    async for page in _pages(database, account_id, selected):
        if keys is None:
            keys = sorted({key for number in page for key in number.metadata})
            yield csv_lines([[*FIELDS, *(f"{METADATA}{key}" for key in keys), *_SHOWN]])
        yield csv_lines(
            [*_cells(number).values(), *(_shown(number.metadata.get(key)) for key in keys), *_facts(number).values()]
            for number in page
        )


async def write_json(
    database: Database, account_id: AccountId, selected: Sequence[NumberId] | NumberFilter
) -> AsyncIterator[str]:
    """The numbers as an object whose `items` are they."""
    between = '{"items": [\n'
    async for page in _pages(database, account_id, selected):
        for number in page:
            metadata = {f"{METADATA}{key}": value for key, value in number.metadata.items()}
            shown = _cells(number) | {"tags": list(number.tags), "protected": number.protected} | metadata
            yield between + json.dumps(shown | _facts(number), ensure_ascii=False)
            between = ",\n"
    yield "\n]}\n" if between == ",\n" else '{"items": []}\n'


async def _pages(
    database: Database, account_id: AccountId, selected: Sequence[NumberId] | NumberFilter
) -> AsyncIterator[list[Number]]:
    """At least one page, which may be empty."""
    if not isinstance(selected, NumberFilter):
        async with database.reading() as tx:
            found = await tx.numbers.find_many(selected)
        yield [number for number in found if number.account_id == account_id]
        return
    after: NumberId | None = None
    while True:
        page = await list_numbers_after(database, account_id, selected, after=after, limit=_PAGE)
        yield page
        if len(page) < _PAGE:
            return
        after = page[-1].id


def _cells(number: Number) -> dict[str, object]:
    """What is read back, in the order of `FIELDS`."""
    return {
        "number": number.number,
        "name": number.name,
        "detail": number.detail,
        "tags": ",".join(number.tags),
        "calls": write_target(number.targets.voice),
        "messages": write_target(number.targets.message),
        "protected": "yes" if number.protected else "no",
    }


def _facts(number: Number) -> dict[str, object]:
    """What is not, in the order of `_SHOWN`."""
    return {
        "type": number.kind.value,
        "country": number.country,
        "status": number.status.value,
        "monthly_micros": number.monthly_micros,
        "purchased_at": number.purchased_at.isoformat() if number.purchased_at else "",
    }


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
