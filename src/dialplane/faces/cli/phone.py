"""`dialplane phone`: a test phone in a terminal."""

import asyncio
import json
import logging
import sys
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer

from dialplane.domain.errors import Refusal
from dialplane.phone.tasks import AnswerWish, CallWish, Tell, make_call, send_text, wait_for_calls
from dialplane.voice.useragent.agent import Source

DEFAULT_SERVER = "127.0.0.1:5060"

Server = Annotated[str, typer.Option("--server", help="The platform's SIP address.", metavar="HOST:PORT")]
Caller = Annotated[str, typer.Option("--from", help="The number that calls.", metavar="NUMBER")]
AsJson = Annotated[bool, typer.Option("--json", help="One line of JSON for each thing that happens.")]

app = typer.Typer(name="phone", no_args_is_help=True, help="A test phone: call, answer, register, text.")


@app.command("call")
def call(
    target: Annotated[str, typer.Argument(help="A number, an extension's name or a SIP URI.")],
    server: Server = DEFAULT_SERVER,
    caller: Caller = "+12125550100",
    user: Annotated[str, typer.Option("--user", help="Call as this extension.")] = "",
    password: Annotated[str, typer.Option("--password", help="The extension's password.")] = "",
    digits: Annotated[str, typer.Option("--digits", help="Keys to press; a comma waits a second.")] = "",
    digits_after: Annotated[float, typer.Option("--digits-after", help="Seconds after the answer.")] = 1.0,
    record: Annotated[Path | None, typer.Option("--record", help="Record what is heard as WAV.")] = None,
    hang_up_after: Annotated[float | None, typer.Option("--hang-up-after", help="Seconds after the answer.")] = None,
    as_json: AsJson = False,
) -> None:
    """Call a number of the platform; ends with the call.

    Examples:

      dialplane phone call +12025550143 --digits 1 --record heard.wav

      dialplane phone call +899100000001 --user 1001 --password secret
    """
    wish = CallWish(
        target=target,
        server=_source(server),
        caller=caller,
        user=user,
        password=password,
        digits=digits,
        digits_after_s=digits_after,
        record=record,
        hang_up_after_s=hang_up_after,
    )
    _run(make_call(wish, _teller(as_json)))


@app.command("answer")
def answer(
    port: Annotated[int, typer.Option("--port", help="Where to listen; 0 takes a free port.")] = 0,
    say: Annotated[str, typer.Option("--say", help="Say this to whoever calls.")] = "",
    record: Annotated[Path | None, typer.Option("--record", help="Record the first call as WAV.")] = None,
    calls: Annotated[int | None, typer.Option("--calls", help="End after so many calls.", min=1)] = None,
    talk: Annotated[float, typer.Option("--talk", help="Hang up after so many seconds.")] = 3600.0,
    register: Annotated[str, typer.Option("--register", help="Register as this address.", metavar="SIP-URI")] = "",
    password: Annotated[str, typer.Option("--password", help="The extension's password.")] = "",
    server: Annotated[str, typer.Option("--server", help="The registrar.", metavar="HOST:PORT")] = "",
    as_json: AsJson = False,
) -> None:
    """Wait for calls and answer them.

    Examples:

      dialplane phone answer --say "This is Bob"

      dialplane phone answer --register sip:1001@127.0.0.1:5060 --password secret
    """
    wish = AnswerWish(
        port=port,
        say=say,
        record=record,
        calls=calls,
        talk_s=talk,
        register=register,
        server=_source(server) if server else None,
        password=password,
    )
    _run(wait_for_calls(wish, _teller(as_json)))


@app.command("text")
def text(
    target: Annotated[str, typer.Argument(help="A number or a SIP URI.")],
    words: Annotated[str, typer.Argument(help="The text.")],
    server: Server = DEFAULT_SERVER,
    caller: Caller = "+12125550100",
    as_json: AsJson = False,
) -> None:
    """Send a text by SIP MESSAGE.

    Example:

      dialplane phone text +12025550143 HOURS
    """
    _run(send_text(target, words, caller=caller, server=_source(server), tell=_teller(as_json)))


def _source(text: str) -> Source:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise typer.BadParameter(f"{text!r} is not HOST:PORT", param_hint="--server")
    return Source(host.strip("[]"), int(port), "udp")


def _teller(as_json: bool) -> Tell:
    def tell(event: str, facts: Mapping[str, object]) -> None:
        if as_json:
            line = json.dumps({"event": event} | dict(facts))
        else:
            line = " ".join([event.replace("_", " "), *(f"{name}={value}" for name, value in facts.items())])
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    return tell


def _run(work: Coroutine[Any, Any, int]) -> None:
    """Standard output tells what the phone does, so the log has only trouble to tell, and elsewhere."""
    structlog.configure(
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
    )
    try:
        status = asyncio.run(work)
    except KeyboardInterrupt:
        status = 0
    except (Refusal, OSError) as fault:
        typer.echo(f"dialplane phone: {fault}", err=True)
        status = 1
    raise typer.Exit(status)
