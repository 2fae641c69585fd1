"""The commands that act as a user of the platform does: the test phone and the demo."""

import typer

from dialplane.faces.cli import demo, phone


def add_tools(app: typer.Typer) -> None:
    app.add_typer(phone.app)
    app.command()(demo.demo)
