"""Columns of a file that is to be imported: what each was taken for, and what somebody says that it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dialplane.domain.errors import Invalid
from dialplane.domain.supply.imports import Reading
from dialplane.faces.portal.forms import Fields


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """One column of the file; `name` is that of its field in the form, `field` what it is read as ("" for nothing)."""

    name: str
    heading: str
    field: str


def column_choices(reading: Reading) -> list[ColumnChoice]:
    """The number's, others that are read, those that are not."""
    columns = [
        (heading, field) for field, heading in sorted(reading.columns.items(), key=lambda each: each[0] != "number")
    ]
    columns += [(heading, "") for heading in reading.ignored]
    return [ColumnChoice(f"column_{place}", heading, field) for place, (heading, field) in enumerate(columns)]


def read_columns(fields: Fields, reading: Reading, known: Sequence[str], *, open_prefix: str = "") -> dict[str, str]:
    """Which column each field is read from; "" for those that were guessed and are not to be read. Raises Invalid."""
    chosen: dict[str, str] = dict.fromkeys(reading.columns, "")
    for column in column_choices(reading):
        field = fields.get(column.name, column.field)
        if not field:
            continue
        if field not in known and not (open_prefix and field.startswith(open_prefix)):
            raise Invalid("Choose a field of the list", field=column.name)
        if chosen.get(field):
            raise Invalid(f"{field} is chosen for two columns", field=column.name)
        chosen[field] = column.heading
    if not chosen.get("number"):
        raise Invalid("Choose the column that holds the numbers", field="column_0")
    return chosen


def guessed(reading: Reading) -> Mapping[str, str]:
    """The form's values as the file was understood."""
    return {column.name: column.field for column in column_choices(reading)}
