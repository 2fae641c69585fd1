"""Writes the reference pages of the documentation site from the code: `python tools/reference.py FOLDER`.

Nothing in them is written by hand, so nothing in them can be out of date: settings from `config`, commands from the
command line itself, APIs from the handlers, actions from the catalogue of flows.
"""

import ast
import inspect
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import offline
import typer
from litestar import Litestar, Router
from litestar.di import Provide
from scorecard import VOX

from dialplane.config import settings as settings_module
from dialplane.config.environment import to_environment
from dialplane.config.settings import Settings
from dialplane.domain.flows.schema import action_schema
from dialplane.faces.cli.application import app as command_line
from dialplane.faces.cli.tools import add_tools
from dialplane.faces.documentation import complete
from dialplane.faces.operator.documentation import CONFIG
from dialplane.faces.operator.request import OperatorRequest
from dialplane.faces.operator.routes import RESOURCES
from dialplane.faces.voipbin.paging import read_page

ROOT = Path(__file__).parents[1]
Document = Mapping[str, Any]


def settings() -> str:
    """A row for each variable, with the default and its reason."""
    reasons = _reasons()
    lines = [
        "# Settings\n",
        "Every setting is an environment variable, read and checked once at the start; options of the command line go",
        "before it. Without the sandbox some defaults are others: the reason says so.\n",
    ]
    for variable, default in to_environment(Settings()).items():
        lines += [f"## `{variable}`\n", f"Default: {f'`{default}`' if default else 'empty'}\n", reasons[variable], ""]
    return "\n".join(lines)


def _reasons() -> dict[str, str]:
    """The text below each field of Settings, by variable."""
    tree = ast.parse(inspect.getsource(settings_module))
    (found,) = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Settings"]
    texts: dict[str, str] = {}
    for field, after in zip(found.body, [*found.body[1:], ast.Pass()], strict=True):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            said = after.value.value if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) else ""
            texts[field.target.id] = inspect.cleandoc(str(said))
    return {variable: texts[_field_of(variable, texts)] for variable in to_environment(Settings())}


def _field_of(variable: str, fields: Mapping[str, str]) -> str:
    """`DIALPLANE_DRAIN_S` is `drain`: the unit is in the variable's name, and in the field's type."""
    name = variable.removeprefix("DIALPLANE_").lower()
    return name if name in fields else name.removesuffix("_s")


def commands() -> str:
    """Every command with its words, arguments and options."""
    if not command_line.registered_groups:
        add_tools(command_line)
    root = typer.main.get_command(command_line)
    return "# Commands\n\n" + "\n".join(_command(root, "dialplane"))


def _command(command: Any, name: str) -> Iterator[str]:
    yield f"## `{name}`\n" if " " in name else ""
    text = inspect.cleandoc(command.help or "")
    yield re.sub(r"^  (\S.*)$", r"    \1", re.sub(r"\[/?bold\]", "", text), flags=re.MULTILINE) + "\n"
    rows = [_parameter(each) for each in command.params if not getattr(each, "hidden", False) and each.name != "help"]
    if rows:
        yield from ["| | |", "|---|---|", *rows, ""]
    for below in getattr(command, "commands", {}).values():
        if not below.hidden:
            yield from _command(below, f"{name} {below.name}")


def _parameter(parameter: Any) -> str:
    shown = "`, `".join(parameter.opts) if parameter.param_type_name == "option" else (parameter.name or "").upper()
    kind = "" if getattr(parameter, "is_flag", False) else f" {parameter.metavar or ''}".rstrip()
    return f"| `{shown}{kind}` | {_cell(getattr(parameter, 'help', '') or '')} |"


def api(document: Document, source: str) -> str:
    """An OpenAPI document as a page."""
    lines = [f"# {document['info']['title']}\n", document["info"]["description"], ""]
    lines += [f"A running platform serves the same as OpenAPI 3.1 at `{source}`.\n"]
    for path, item in sorted(document["paths"].items()):
        for method in ("get", "post", "put", "patch", "delete"):
            if method in item:
                lines += _operation(document, method.upper(), path, item[method])
    return "\n".join(lines)


def _operation(document: Document, method: str, path: str, operation: Document) -> Iterator[str]:
    yield f"## `{method} {path}`\n"
    yield (operation.get("description") or operation.get("summary") or "") + "\n"
    rows = [
        f"| `{each['name']}` | {each['in']} | {_kind(each.get('schema', {}))} | {_cell(each.get('description', ''))} |"
        for each in operation.get("parameters", ())
    ]
    for content in operation.get("requestBody", {}).get("content", {}).values():
        rows += [
            f"| `{name}` | body | {_kind(schema)} | {_cell(schema.get('description', ''))} |"
            for name, schema in _properties(document, content.get("schema", {})).items()
        ]
    if rows:
        yield from ["| Name | In | Kind | |", "|---|---|---|---|", *rows, ""]
    answers = [
        f"`{status}` {_cell(answer.get('description', ''))}"
        for status, answer in operation.get("responses", {}).items()
    ]
    yield "Answers: " + "; ".join(answers) + "\n"


def _properties(document: Document, schema: Document) -> Document:
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    found: Document = schema.get("properties", {})
    return found


def _kind(schema: Document) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    union = schema.get("oneOf") or schema.get("anyOf")
    if union:
        return " or ".join(map(_kind, union))
    if "enum" in schema:
        return ", ".join(f"`{each}`" for each in schema["enum"])
    kind = schema.get("type", "anything")
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def routes(title: str, text: str, app: Litestar, begin: tuple[str, ...] = ("/",)) -> str:
    """A face without an OpenAPI document: its routes with what their handlers say."""
    lines = [f"# {title}\n", text, ""]
    found = {
        (route.path_format, method): handler
        for route in app.routes
        if route.path_format.startswith(begin) and hasattr(route, "methods")
        for method, handler in _handlers(route).items()
        if method not in offline.HIDDEN
    }
    for (path, method), handler in sorted(found.items()):
        lines += [f"## `{method} {path}`\n", inspect.cleandoc(inspect.getdoc(handler.fn) or ""), ""]
    return "\n".join(lines)


def _handlers(route: Any) -> dict[str, Any]:
    table = getattr(route, "route_handler_map", {})
    return {
        method: found[0] if isinstance(found, tuple) else found
        for method, found in table.items()
        if method not in offline.HIDDEN
    }


def actions() -> str:
    lines = ["# Flow actions\n", "What a flow can do. A running platform has the schema at `/v1.0/flow_schema`.\n"]
    for each in sorted(action_schema()["oneOf"], key=lambda shown: shown["properties"]["type"]["const"]):
        lines += [f"## `{each['properties']['type']['const']}`\n", f"{each['title']}. {each['description']}\n"]
        options = each["properties"].get("option", {}).get("properties", {})
        if options:
            rows = [
                f"| `{name}` | {_kind(known)} | {_cell(known.get('description', ''))} |"
                for name, known in options.items()
            ]
            lines += ["| Option | Kind | |", "|---|---|---|", *rows, ""]
    return "\n".join(lines)


def decisions() -> str:
    """The list of decisions, by their own first lines."""
    lines = ["# Decisions\n", "Why things are as they are, one page each.\n"]
    for page in sorted((ROOT / "docs" / "decisions").glob("*.md")):
        title = page.read_text().splitlines()[0].lstrip("# ")
        lines.append(f"- [{title}](../decisions/{page.name})")
    return "\n".join(lines) + "\n"


def operator_document() -> Document:
    described = Litestar(
        [Router("/operator/v1", route_handlers=RESOURCES, request_class=OperatorRequest)],
        dependencies={"page": Provide(read_page, sync_to_thread=False)},
        openapi_config=CONFIG,
        logging_config=None,
    )
    return complete(described.openapi_schema.to_schema(), "/operator/v1/")


def pages() -> dict[str, str]:
    app = offline.application()
    return {
        "settings.md": settings(),
        "commands.md": commands(),
        "native-api.md": api(complete(app.openapi_schema.to_schema(), "/v1.0/"), "/openapi.json"),
        "operator-api.md": api(operator_document(), "/operator/v1/openapi.json"),
        "restcomm-api.md": routes(
            "Restcomm and Twilio API",
            "Below `/restcomm/2012-04-24` and `/api/2012-04-24` in Restcomm's shapes, below `/2010-04-01` in Twilio's.",
            offline.restcomm(),
        ),
        "vox-api.md": routes("VoxCPaaS API", "Form or query in, JSON out.", app, VOX),
        "flow-actions.md": actions(),
        "decisions.md": decisions(),
    }


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main(folder: str) -> int:
    into = Path(folder)
    into.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (into / name).write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
