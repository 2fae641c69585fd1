"""Files of flows and their tests, as `dialplane flow test` and `validate` read them.

`{"actions": [...] | "document": "<Response>..." | "url": "...", "flows": {"<id>": [...]}, "defaults": {...},
"cases": [{"name": "...", <script>, "expect": {...}}]}`; a script is what a dry run takes (`dry_run_input`). `actions`
and `document` may be the name of a file beside this one, and an answer of `GET /v1.0/flows/{id}` is such a file too.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from dialplane.domain.errors import Invalid
from dialplane.domain.flows.action import Action
from dialplane.domain.flows.validation import validate_actions
from dialplane.domain.programs.sources import DocumentSource, DocumentText
from dialplane.domain.simulation.cases import Expectation, failures
from dialplane.domain.simulation.script import Script
from dialplane.domain.simulation.simulator import DryRun, Make, Simulator, document_maker, flow_maker
from dialplane.services.programs.dry_run_input import SCRIPT_FIELDS, read_script

AT = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
"""When a case is played that names no time: a test that looks at today's clock is none."""
MAX_FILE = 4 << 20
_EXPECTED = frozenset(Expectation.__dataclass_fields__)
_IN_CASE = SCRIPT_FIELDS | {"name", "expect"}


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    script: Script
    expected: Expectation


@dataclass(frozen=True, slots=True)
class FlowFile:
    path: Path
    make: Make
    actions: tuple[Action, ...]
    """Empty for a document."""
    flows: Mapping[UUID, Sequence[Action]]
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class CaseResult:
    case: Case
    played: DryRun
    failures: tuple[str, ...]

    @property
    def has_passed(self) -> bool:
        return not self.failures


def read_flow_file(path: Path) -> FlowFile:
    """Raises Invalid naming the field, or the file that cannot be read."""
    raw = _json(path)
    if isinstance(raw, list):
        raw = {"actions": raw}
    if not isinstance(raw, dict):
        raise Invalid(f"{path.name} must hold an object or a list of actions", field=path.name)
    make, actions = _program(raw, path)
    flows = raw.get("flows", {})
    if not isinstance(flows, dict):
        raise Invalid("flows must be an object of lists of actions by id", field="flows")
    defaults = _known(raw.get("defaults", {}), _IN_CASE, "defaults")
    cases = raw.get("cases", [])
    if not isinstance(cases, list):
        raise Invalid("cases must be a list", field="cases")
    return FlowFile(
        path,
        make,
        actions,
        {_id(name): validate_actions(listed, path=f"flows.{name}") for name, listed in flows.items()},
        tuple(_case(each, defaults, f"cases[{at}]") for at, each in enumerate(cases)),
    )


def run_case(file: FlowFile, case: Case) -> CaseResult:
    played = Simulator(file.make, case.script, file.flows).play()
    return CaseResult(case, played, tuple(failures(case.expected, played)))


def _program(raw: Mapping[str, object], path: Path) -> tuple[Make, tuple[Action, ...]]:
    document, url = raw.get("document"), raw.get("url")
    if isinstance(document, str):
        text = document if document.lstrip().startswith("<") else _text(path.parent / document)
        return document_maker(DocumentText(text)), ()
    if isinstance(url, str):
        return document_maker(DocumentSource(url)), ()
    listed = raw.get("actions")
    if isinstance(listed, str):
        inner = _json(path.parent / listed)
        listed = inner.get("actions") if isinstance(inner, dict) else inner
    if listed is None:
        raise Invalid("actions, document or url says what is played", field="actions")
    actions = validate_actions(listed)
    return flow_maker(actions), actions


def _case(raw: object, defaults: Mapping[str, object], field: str) -> Case:
    given = {**defaults, **_known(raw, _IN_CASE, field)}
    expect = _known(given.pop("expect", {}), _EXPECTED, f"{field}.expect")
    name = given.pop("name", field)
    try:
        script = read_script(given, AT)
    except Invalid as refusal:
        raise Invalid(f"{field}: {refusal.message}", field=f"{field}.{refusal.field}") from refusal
    return Case(str(name), script, _expectation(expect, f"{field}.expect"))


def _expectation(raw: Mapping[str, object], field: str) -> Expectation:
    fields: dict[str, object] = {}
    for name, value in raw.items():
        if name in ("types", "said", "problems"):
            if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
                raise Invalid(f"{field}.{name} must be a list of strings", field=f"{field}.{name}")
            fields[name] = tuple(value)
        elif name == "variables":
            fields[name] = {str(key): str(text) for key, text in _object(value, f"{field}.{name}").items()}
        elif not isinstance(value, str if name == "ended" else int):
            wanted = "a string" if name == "ended" else "a whole number"
            raise Invalid(f"{field}.{name} must be {wanted}", field=f"{field}.{name}")
        else:
            fields[name] = value
    return Expectation(**fields)  # type: ignore[arg-type]  # each was checked above


def _known(raw: object, names: Collection[str], field: str) -> dict[str, object]:
    """A misspelt name would make a test that looks at nothing."""
    given = _object(raw, field)
    if unknown := sorted(given.keys() - names):
        raise Invalid(f"{field} does not know {', '.join(unknown)}", field=f"{field}.{unknown[0]}")
    return given


def _object(raw: object, field: str) -> dict[str, object]:
    if not isinstance(raw, dict):
        raise Invalid(f"{field} must be an object", field=field)
    return dict(raw)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid(f"flows.{text} must be named by a UUID", field="flows") from None


def _json(path: Path) -> object:
    try:
        found: object = json.loads(_text(path))
    except (ValueError, RecursionError) as fault:
        raise Invalid(f"{path.name} is not JSON: {fault}", field=path.name) from None
    return found


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_FILE:
            raise Invalid(f"{path.name} has more than {MAX_FILE} bytes", field=path.name)
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise Invalid(f"{path} cannot be read: {fault}", field=path.name) from None
