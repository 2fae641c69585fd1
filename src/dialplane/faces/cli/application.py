"""`dialplane`: the platform's commands. Programs are started through the launcher that stands in the context."""

import os
from pathlib import Path
from typing import Annotated, Protocol

import typer

from dialplane import __version__, compiled
from dialplane.config.environment import from_environment, override
from dialplane.config.settings import Settings
from dialplane.config.values import SettingError


class Launch(Protocol):
    """Runs a program (`up`, `api`, `voice`, …) with settings, to its exit status."""

    def __call__(self, program: str, settings: Settings, **arguments: str) -> int: ...


USAGE_ERROR = 2

Data = Annotated[Path | None, typer.Option("--data", help="Folder for everything that is kept.", metavar="DIR")]
Http = Annotated[
    str | None, typer.Option("--http", help="Where HTTP is served; port 0 takes a free one.", metavar="HOST:PORT")
]
Sip = Annotated[str | None, typer.Option("--sip", help="Where SIP is served, UDP and TCP.", metavar="HOST:PORT")]
Smpp = Annotated[
    str | None,
    typer.Option("--smpp", help="Where accounts' systems bind by SMPP; port 0 takes a free one.", metavar="HOST:PORT"),
]
SipTls = Annotated[
    str | None,
    typer.Option(
        "--sip-tls", help="Where SIP is served over TLS; the port after SIP's by default.", metavar="HOST:PORT"
    ),
]
Rtp = Annotated[str | None, typer.Option("--rtp", help="UDP ports for audio.", metavar="FIRST-LAST")]

app = typer.Typer(
    name="dialplane",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="A self-hosted phone-number platform: find, buy and configure numbers, and run what is attached to them."
    "\n\nStart everything with [bold]dialplane up[/bold]; DIALPLANE_… in the environment sets every option too.",
)


@app.callback(invoke_without_command=True)
def root(version: Annotated[bool, typer.Option("--version", help="Show the version and end.")] = False) -> None:
    if version:
        typer.echo(f"dialplane {__version__} ({compiled.state()})")
        raise typer.Exit


@app.command()
def up(
    context: typer.Context,
    data: Data = None,
    http: Http = None,
    sip: Sip = None,
    smpp: Smpp = None,
    sip_tls: SipTls = None,
    rtp: Rtp = None,
    sip_domain: Annotated[
        list[str] | None,
        typer.Option("--sip-domain", help="SIP domain of the sandbox; may be given again.", metavar="NAME"),
    ] = None,
    no_sandbox: Annotated[
        bool, typer.Option("--no-sandbox", help="Start empty: no simulated carrier or account.")
    ] = False,
) -> None:
    """Run the whole platform on this machine.

    Starts a Postgres (unless DATABASE_URL names yours), the API, voice, media, SMPP and the worker, and prints one
    line of JSON with addresses and credentials when all of them serve. Ctrl-C or SIGTERM ends everything in order; a
    second one at once.

    Examples:

      dialplane up

      dialplane up --data /srv/dialplane --http 0.0.0.0:8080 --sip 192.0.2.10:5060

      dialplane up --data ./second --http 127.0.0.1:0 --sip 127.0.0.1:0     # beside another one
    """
    _launch(
        context,
        "up",
        data=data,
        http=http,
        sip=sip,
        smpp=smpp,
        sip_tls=sip_tls,
        rtp=rtp,
        sip_domains=tuple(sip_domain or ()),
        sandbox=False if no_sandbox else None,
    )


@app.command()
def api(context: typer.Context, data: Data = None, http: Http = None) -> None:
    """Run the API process alone. Needs DATABASE_URL.

    Example:

      DATABASE_URL=postgresql://db/dialplane dialplane api --http 0.0.0.0:8080
    """
    _launch(context, "api", data=data, http=http)


@app.command()
def voice(context: typer.Context, data: Data = None, sip: Sip = None, sip_tls: SipTls = None) -> None:
    """Run the voice process alone: SIP, and the programs of live calls. Needs DATABASE_URL and a media process.

    Example:

      DATABASE_URL=postgresql://db/dialplane DIALPLANE_NODE=voice-1 dialplane voice --sip 192.0.2.10:5060
    """
    _launch(context, "voice", data=data, sip=sip, sip_tls=sip_tls)


@app.command()
def media(context: typer.Context, data: Data = None, sip: Sip = None, rtp: Rtp = None) -> None:
    """Run the media process alone: RTP. The host of --sip is the address that it uses for audio too.

    Example:

      dialplane media --data /srv/dialplane --sip 192.0.2.10:5060 --rtp 20000-29999
    """
    _launch(context, "media", data=data, sip=sip, rtp=rtp)


@app.command()
def worker(context: typer.Context, data: Data = None) -> None:
    """Run the worker alone: webhooks, renewals, reconciliation. Needs DATABASE_URL.

    Example:

      DATABASE_URL=postgresql://db/dialplane dialplane worker
    """
    _launch(context, "worker", data=data)


@app.command()
def smpp(context: typer.Context, data: Data = None, smpp: Smpp = None) -> None:
    """Run the SMPP process alone: accounts' systems, and the binds to carriers. Needs DATABASE_URL.

    Any number of them may run; each carrier is bound to by one of them.

    Example:

      DATABASE_URL=postgresql://db/dialplane dialplane smpp --smpp 192.0.2.10:2775
    """
    _launch(context, "smpp", data=data, smpp=smpp)


@app.command("sandbox-carrier", hidden=True)
def sandbox_carrier(context: typer.Context, data: Data = None) -> None:
    """Run the simulated carrier's phones alone."""
    _launch(context, "sandbox-carrier", data=data)


@app.command()
def migrate(
    context: typer.Context,
    app_role: Annotated[
        str,
        typer.Option("--app-role", help="Give this role what the processes need, and no right to change the schema."),
    ] = "",
) -> None:
    """Bring the database of DATABASE_URL to this version's schema. Safe to run twice, and from several machines.

    Examples:

      DATABASE_URL=postgresql://db/dialplane dialplane migrate

      DATABASE_URL=postgresql://owner@db/dialplane dialplane migrate --app-role dialplane_app
    """
    _launch(context, "migrate", app_role=app_role)


@app.command()
def backup(
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="The file to write; - for standard output.")] = "",
    data: Data = None,
    wal: Annotated[
        str, typer.Option("--wal", metavar="DIR", help="Instead of a file: a copy for DIALPLANE_WAL_ARCHIVE=DIR.")
    ] = "",
) -> None:
    """Put everything that must not be lost into one file, while the platform runs or not: the database at one moment,
    recordings, documents, media of messages, and the keys. Keep the file secret.

    Examples:

      dialplane backup /backups/monday.tar --data /srv/dialplane

      dialplane backup - | age -r age1… > monday.tar.age

      dialplane backup --wal /archive --data /srv/dialplane
    """
    if bool(file) == bool(wal):
        raise typer.BadParameter("name the file to write, or --wal and the folder of the archived log")
    _launch(context, "backup", data=data, file=file, wal=wal)


@app.command()
def restore(
    context: typer.Context,
    file: Annotated[
        str, typer.Argument(help="What `dialplane backup` made: a file, - for standard input, or the folder of --wal.")
    ],
    data: Data = None,
    to: Annotated[
        str, typer.Option("--to", metavar="TIME", help="With a folder: such as 2026-11-22T01:02:03Z. Else its end.")
    ] = "",
) -> None:
    """Make a platform from a backup, in an empty folder and, where DATABASE_URL is set, an empty database. It is there
    when all of it fits its manifest, the key opens its secrets and its ledger balances; else nothing is.

    Example:

      dialplane restore /backups/monday.tar --data /srv/dialplane

      dialplane restore /archive --to 2026-11-22T01:02:03Z --data /srv/dialplane
    """
    _launch(context, "restore", data=data, file=file, to=to)


def _launch(
    context: typer.Context,
    program: str,
    *,
    data: Path | None = None,
    http: str | None = None,
    sip: str | None = None,
    smpp: str | None = None,
    sip_tls: str | None = None,
    rtp: str | None = None,
    sip_domains: tuple[str, ...] = (),
    sandbox: bool | None = None,
    **arguments: str,
) -> None:
    launch: Launch = context.obj
    try:
        settings = override(
            from_environment(os.environ),
            data=data,
            http=http,
            sip=sip,
            smpp=smpp,
            sip_tls=sip_tls,
            rtp=rtp,
            sip_domains=sip_domains,
            sandbox=sandbox,
        )
        status = launch(program, settings, **arguments)
    except SettingError as fault:
        typer.echo(f"dialplane: {fault}", err=True)
        raise typer.Exit(USAGE_ERROR) from fault
    raise typer.Exit(status)
