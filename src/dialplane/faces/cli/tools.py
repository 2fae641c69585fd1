"""Commands that act as a user of the platform does: test phone, demo, flows, calls, webhooks, the list of voices."""

import typer

from dialplane.faces.cli import (
    calls,
    carriers,
    demo,
    edge,
    flows,
    nodes,
    numbers,
    operators,
    phone,
    status,
    voices,
    webhooks,
)


def add_tools(app: typer.Typer) -> None:
    app.add_typer(phone.app)
    app.add_typer(flows.app)
    app.add_typer(calls.app)
    app.add_typer(operators.app)
    app.add_typer(numbers.app)
    app.add_typer(carriers.app)
    app.add_typer(webhooks.app)
    app.add_typer(edge.app)
    app.add_typer(nodes.app)
    app.command()(webhooks.listen)
    app.command()(demo.demo)
    app.command()(status.status)
    app.command()(voices.voices)
