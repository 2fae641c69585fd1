"""The commands that act as a user of the platform does: the test phone, the demo, flows, calls, the list of voices."""

import typer

from dialplane.faces.cli import calls, carriers, demo, flows, numbers, operators, phone, status, voices


def add_tools(app: typer.Typer) -> None:
    app.add_typer(phone.app)
    app.add_typer(flows.app)
    app.add_typer(calls.app)
    app.add_typer(operators.app)
    app.add_typer(numbers.app)
    app.add_typer(carriers.app)
    app.command()(demo.demo)
    app.command()(status.status)
    app.command()(voices.voices)
