"""`dialplane voices`: who can speak, without a platform running."""

import json
from typing import Annotated

import typer

from dialplane.domain.errors import Invalid
from dialplane.domain.speech.voices import list_voices
from dialplane.faces.cli.application import USAGE_ERROR
from dialplane.services.shapes.voices import voice_shape


def voices(
    language: Annotated[
        str, typer.Option("--language", help="A language (en: all its accents) or one accent (en-GB).", metavar="TAG")
    ] = "",
    gender: Annotated[str, typer.Option("--gender", help="male or female.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List the voices that `talk` and `Say` may use.

    Examples:

      dialplane voices --language de

      dialplane voices --gender female --json
    """
    try:
        found = list_voices(language=language, gender=gender)
    except Invalid as refusal:
        typer.echo(f"dialplane: --{refusal.field}: {refusal.message}", err=True)
        raise typer.Exit(USAGE_ERROR) from refusal
    for voice in found:
        line = f"{voice.id:<28} {voice.gender:<7} {voice.name}, {voice.accent}"
        typer.echo(json.dumps(voice_shape(voice)) if as_json else line)
