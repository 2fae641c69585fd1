"""`dialplane demo`: the walk through the product."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from dialplane.demo.main import run_demo


def demo(
    data: Annotated[
        Path | None, typer.Option("--data", help="A folder of its own for this run.", metavar="DIR")
    ] = None,
) -> None:
    """Start a platform on free ports and walk through it as a new user would, proving each step.

    Example:

      dialplane demo
    """
    folder = data or Path("var") / f"demo-{datetime.now():%Y%m%d-%H%M%S}"
    raise typer.Exit(asyncio.run(run_demo(folder.absolute())))
