"""`dialplane flow`: test, check and play flows and documents of files; bring them to a platform and back."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any
from xml.etree import ElementTree

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dialplane.domain.errors import Invalid
from dialplane.domain.flows.warnings import find_warnings
from dialplane.faces.cli.remote import Api, AsJson, Data, Key, fail, find_platform
from dialplane.services.programs.dry_run import dry_run_shape
from dialplane.services.programs.flow_files import Case, CaseResult, FlowFile, read_flow_file, run_case

HERE = Path("var")
FlowId = Annotated[str, typer.Argument(help="The flow's id.")]
Files = Annotated[list[Path], typer.Argument(help="Files of flows with their cases.", exists=True, dir_okay=False)]

app = typer.Typer(name="flow", no_args_is_help=True, help="Flows and documents: test, play, versions, replay.")


@app.command("test")
def run_tests(
    files: Files,
    as_json: AsJson = False,
    junit: Annotated[
        Path | None, typer.Option("--junit", help="Write a JUnit XML report here.", metavar="FILE")
    ] = None,
) -> None:
    """Play every case of the files and compare with what they expect; no platform is needed.

    The exit status is 0 where all pass, 1 where one fails, 2 where a file cannot be read.

    Examples:

      dialplane flow test examples/flows/*.json

      dialplane flow test menu.json --junit report.xml
    """
    results = [(file, [run_case(file, case) for case in file.cases]) for file in map(_read, files)]
    if junit is not None:
        junit.write_bytes(_junit(results))
    if as_json:
        typer.echo(json.dumps([_result_shape(file, each) for file, found in results for each in found]))
    else:
        _tell(results)
    failed = any(not each.has_passed for _, found in results for each in found)
    raise typer.Exit(1 if failed else 0)


@app.command("validate")
def validate(files: Files) -> None:
    """Check the actions of files as the API does when they are written.

    Example:

      dialplane flow validate menu.json
    """
    for file in map(_read, files):
        typer.echo(f"{file.path}: {len(file.actions)} actions, {len(file.cases)} cases")
        for warning in find_warnings(file.actions, ()):
            typer.echo(f"  {warning}")


@app.command("dry-run")
def dry_run(
    file: Annotated[Path, typer.Argument(help="A file of a flow.", exists=True, dir_okay=False)],
    case: Annotated[str, typer.Option("--case", help="Play this case; the first one where left out.")] = "",
    as_json: AsJson = False,
) -> None:
    """Play one case of a file and show its way, step by step.

    Example:

      dialplane flow dry-run examples/flows/menu.json --case "sales by day"
    """
    found = _read(file)
    wanted = next((each for each in found.cases if case in ("", each.name)), None)
    if wanted is None:
        raise fail(f"{file} has no case {case!r}" if case else f"{file} has no cases")
    result = run_case(found, wanted)
    if as_json:
        typer.echo(json.dumps(dry_run_shape(result.played)))
        return
    _show_steps(dry_run_shape(result.played))


@app.command("pull")
def pull(flow_id: FlowId, file: Path, api: Api = "", key: Key = "", data: Data = HERE) -> None:
    """Write a flow of the platform into a file; its cases stay, where it has some.

    Example:

      dialplane flow pull 0196… menu.json
    """
    found = find_platform(api, key, data).ask("GET", f"/flows/{flow_id}")
    kept = _object(file) if file.exists() else {}
    kept |= {name: found[name] for name in ("id", "name", "detail", "actions", "on_complete_flow_id")}
    file.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n")
    typer.echo(f"{file}: version {found['version']}")


@app.command("push")
def push(
    file: Annotated[Path, typer.Argument(help="A file of a flow.", exists=True, dir_okay=False)],
    flow_id: Annotated[str, typer.Option("--id", help="The flow to write over; else the id in the file.")] = "",
    api: Api = "",
    key: Key = "",
    data: Data = HERE,
) -> None:
    """Run the file's cases, and write its flow to the platform where all pass.

    Example:

      dialplane flow push menu.json
    """
    checked = _read(file)
    if not checked.actions:
        raise fail(f"{file} holds no actions that could be written as a flow")
    results = [run_case(checked, case) for case in checked.cases]
    if not all(each.has_passed for each in results):
        _tell([(checked, results)])
        raise fail("nothing was written")
    raw = _object(file)
    body = {
        "name": raw.get("name") or file.stem,
        "detail": raw.get("detail") or "",
        "actions": [action.document() for action in checked.actions],
    }
    flow_id = flow_id or raw.get("id") or ""
    platform = find_platform(api, key, data)
    written = platform.ask("PUT", f"/flows/{flow_id}", body) if flow_id else platform.ask("POST", "/flows", body)
    typer.echo(f"{written['id']}: version {written['version']}")
    for warning in written["warnings"]:
        typer.echo(f"  {warning}", err=True)


@app.command("versions")
def versions(flow_id: FlowId, api: Api = "", key: Key = "", data: Data = HERE, as_json: AsJson = False) -> None:
    """List the versions of a flow, newest first."""
    found = find_platform(api, key, data).ask("GET", f"/flows/{flow_id}/versions")["result"]
    if as_json:
        typer.echo(json.dumps(found))
        return
    for version in found:
        typer.echo(f"{version['version']:>5}  {version['tm_create']}  {len(version['actions']):>4} actions")


@app.command("rollback")
def rollback(
    flow_id: FlowId,
    version: Annotated[int, typer.Argument(help="The version to go back to.", min=1)],
    api: Api = "",
    key: Key = "",
    data: Data = HERE,
) -> None:
    """Make a flow what it was at a version; calls that go on stay on theirs."""
    written = find_platform(api, key, data).ask("POST", f"/flows/{flow_id}/rollback", {"version": version})
    typer.echo(f"{written['id']}: version {written['version']}, as {version} was")


@app.command("replay")
def replay(
    call_id: Annotated[str, typer.Argument(help="A call that is over.")],
    file: Annotated[
        Path | None, typer.Option("--file", help="Play against this draft; else against its flow as it is now.")
    ] = None,
    version: Annotated[int | None, typer.Option("--version", help="Play against this version of its flow.")] = None,
    api: Api = "",
    key: Key = "",
    data: Data = HERE,
    as_json: AsJson = False,
) -> None:
    """Play what was recorded of a real call against a draft; the exit status is 1 where the ways part.

    Example:

      dialplane flow replay 0196… --file menu.json
    """
    platform = find_platform(api, key, data)
    body: dict[str, object] = {}
    if file is not None:
        draft = _read(file)
        actions = [each.document() for each in draft.actions]
        body = {"actions": actions} if actions else _document(_object(file), file)
    elif version is not None:
        body = {"flow_id": platform.ask("GET", f"/calls/{call_id}")["flow_id"], "version": version}
    found = platform.ask("POST", f"/calls/{call_id}/replay", body)
    if as_json:
        typer.echo(json.dumps(found))
    else:
        _show_difference(found["difference"])
    raise typer.Exit(0 if found["is_same"] else 1)


def _object(file: Path) -> dict[str, Any]:
    """What the file holds besides its actions; a bare list of those is nothing more."""
    try:
        raw = json.loads(file.read_text())
    except (OSError, ValueError) as fault:
        raise fail(f"{file} cannot be read: {fault}") from None
    return raw if isinstance(raw, dict) else {}


def _document(raw: dict[str, Any], file: Path) -> dict[str, object]:
    if raw.get("url"):
        return {"url": raw["url"]}
    text = str(raw.get("document", ""))
    return {"document": text if text.lstrip().startswith("<") else (file.parent / text).read_text()}


def _read(path: Path) -> FlowFile:
    try:
        return read_flow_file(path)
    except Invalid as refusal:
        typer.echo(f"{path}: {refusal.message}", err=True)
        raise typer.Exit(2) from None


def _tell(results: Sequence[tuple[FlowFile, Sequence[CaseResult]]]) -> None:
    console = Console(file=sys.stdout, highlight=False)
    passed = failed = 0
    for file, found in results:
        for each in found:
            mark = "[green]pass[/]" if each.has_passed else "[red]FAIL[/]"
            price = each.played.price_micros / 1_000_000
            console.print(f"{mark} {escape(str(file.path))}: {escape(each.case.name)} [dim](${price:.4f})[/]")
            passed, failed = passed + each.has_passed, failed + (not each.has_passed)
            for line in (line for text in each.failures for line in text.splitlines()):
                console.print(f"     {_coloured(line)}", soft_wrap=True)
    console.print(f"{passed} passed, {failed} failed")


def _coloured(line: str) -> str:
    colour = {"-": "red", "+": "green"}.get(line.lstrip()[:1])
    return f"[{colour}]{escape(line)}[/]" if colour else escape(line)


def _show_steps(played: dict[str, Any]) -> None:
    table = Table("at", "ms", "action", "result", box=None)
    for step in played["steps"]:
        table.add_row(step["at"][11:19], str(step["duration_ms"]), step["action"]["type"], escape(step["result"]))
    console = Console(file=sys.stdout, highlight=False)
    console.print(table)
    price = played["price_micros"] / 1_000_000
    console.print(f"{played['ended']} after {played['duration_ms'] / 1000:g} s, ${price:.4f}")
    for problem in played["problems"]:
        console.print(f"[yellow]{escape(problem)}[/]")


def _show_difference(difference: Sequence[dict[str, Any]]) -> None:
    console = Console(file=sys.stdout, highlight=False)
    marks = {"same": (" ", "dim"), "changed": ("~", "yellow"), "missing": ("-", "red"), "new": ("+", "green")}
    for each in difference:
        mark, colour = marks[each["kind"]]
        step = each["draft"] or each["real"]
        text = f"{mark} {step['type']} {json.dumps(step.get('option') or {}, ensure_ascii=False)}"
        console.print(f"[{colour}]{escape(text)}[/]", soft_wrap=True)


def _result_shape(file: FlowFile, result: CaseResult) -> dict[str, object]:
    return {
        "file": str(file.path),
        "case": result.case.name,
        "passed": result.has_passed,
        "failures": list(result.failures),
        "said": list(result.played.said),
        **dry_run_shape(result.played),
    }


def _junit(results: Sequence[tuple[FlowFile, Sequence[CaseResult]]]) -> bytes:
    suites = ElementTree.Element("testsuites")
    for file, found in results:
        failed = sum(not each.has_passed for each in found)
        suite = ElementTree.SubElement(
            suites, "testsuite", name=str(file.path), tests=str(len(found)), failures=str(failed)
        )
        for each in found:
            case = _junit_case(suite, file, each.case)
            if each.failures:
                failure = ElementTree.SubElement(case, "failure", message=each.failures[0].splitlines()[0])
                failure.text = "\n".join(each.failures)
    report: bytes = ElementTree.tostring(suites, encoding="utf-8", xml_declaration=True)
    return report


def _junit_case(suite: ElementTree.Element, file: FlowFile, case: Case) -> ElementTree.Element:
    return ElementTree.SubElement(suite, "testcase", name=case.name, classname=file.path.stem)
