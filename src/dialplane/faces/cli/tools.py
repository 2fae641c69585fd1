"""The commands that act as a user of the platform does: the test phone, the demo, the list of voices."""

import typer

from dialplane.faces.cli import demo, phone, voices


def add_tools(app: typer.Typer) -> None:
    app.add_typer(phone.app)
    app.command()(demo.demo)
    app.command()(voices.voices)
