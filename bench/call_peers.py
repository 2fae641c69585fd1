"""What is rung: the whole platform (`dialplane up`), and sippy's B2BUA in front of a sipp that answers."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from call_load import HOST, PARTY
from dialplane.adapters.postgres.embedded import EmbeddedPostgres
from dialplane.supervisor.database import DATABASE
from media_peers import cpu_seconds

SIPPY = "sippy==2.5.0"
_SIPPY_HOME = Path(__file__).parent.parent / ".venv-sippy"
_ONE_WORKER = """
import sys
from sippy.Udp_server import Udp_server_opts
from sippy.b2bua_simple import main_func
Udp_server_opts.nworkers = 1
main_func()
"""
"""With its usual three workers it reorders answers and fails at a lower rate."""
ROLES = ("voice", "media", "api", "worker")
_PLAY_MONEY_MICROS = 10_000_000_000


class Platform:
    """`dialplane up` with one bought number for each program."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="dialplane-bench-")
        self.data = Path(self._folder.name) / "data"
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("DIALPLANE_", "DATA"))}
        with (Path(self._folder.name) / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "dialplane", "up", "--data", str(self.data)),
                    *("--http", f"{HOST}:0", "--sip", f"{HOST}:0"),
                ],
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment,
            )
        assert self._process.stdout is not None
        self.ready: dict[str, str] = json.loads(self._process.stdout.readline())
        self.sip = self.ready["sip"].removeprefix("sip:")
        self.dsn = EmbeddedPostgres(self.data / "pg").dsn(DATABASE)
        self.operator(
            "POST",
            f"/accounts/{self.ready['customer_id']}/credits",
            {"amount_micros": _PLAY_MONEY_MICROS, "reason": "load"},
        )

    def number(self, *actions: dict[str, object]) -> str:
        """Buy a number that runs these actions."""
        found = self.customer("GET", "/available_numbers?country_code=US&page_size=1")["result"]
        number: str = found[0]["number"]
        flow = self.customer("POST", "/flows", {"name": "load", "actions": list(actions)})
        bought = self.customer("POST", "/numbers", {"number": number})
        self.customer("PUT", f"/numbers/{bought['id']}", {"call_flow_id": flow["id"], "name": "load"})
        return number

    def customer(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        mark = "&" if "?" in path else "?"
        return self._ask(method, f"/v1.0{path}{mark}accesskey={self.ready['access_key']}", {}, body)

    def operator(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.ready['operator_key']}"}
        return self._ask(method, f"/operator/v1{path}", headers, body)

    def _ask(self, method: str, path: str, headers: dict[str, str], body: object) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(
            self.ready["http"] + path, data, headers | {"Content-Type": "application/json"}, method=method
        )
        with urllib.request.urlopen(asked) as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def cpu(self) -> dict[str, float]:
        """CPU seconds so far of each of our processes, and of all of Postgres's."""
        spent = {role: cpu_seconds(pid) for role, pid in self.children().items() if role in ROLES}
        postmaster = int((self.data / "pg/data/postmaster.pid").read_text().split()[0])
        return spent | {"postgres": sum(map(cpu_seconds, [postmaster, *_children_of(postmaster)]))}

    def children(self) -> dict[str, int]:
        """Process id by role."""
        found: dict[str, int] = {}
        for pid in _children_of(self._process.pid):
            program, _, role = Path(f"/proc/{pid}/cmdline").read_text().rstrip("\0").partition(" ")
            if program == "dialplane":
                found[role] = pid
        return found

    def close(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(30)
        self._folder.cleanup()


class Sippy:
    """sippy's `b2bua_simple` with one worker; a sipp behind it answers."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="dialplane-bench-")
        party = Path(self._folder.name) / "party.xml"
        party.write_text(PARTY)
        behind, port = _free_port(), _free_port()
        self.sip = f"{HOST}:{port}"
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._party = subprocess.Popen(
            ["sipp", "-sf", str(party), "-i", HOST, "-p", str(behind), "-nostdin"], cwd=self._folder.name, **quiet
        )
        self._process = subprocess.Popen(
            [str(_sippy_python()), "-c", _ONE_WORKER, "-f", "-l", HOST, "-p", str(port), "-n", f"{HOST}:{behind}"],
            cwd=self._folder.name,
            env={**os.environ, "SIPLOG_BEND": "none"},
            **quiet,
        )
        _wait_until_bound(port)

    def cpu(self) -> dict[str, float]:
        return {"sippy": cpu_seconds(self._process.pid)}

    def close(self) -> None:
        for process in (self._process, self._party):
            process.kill()
            process.wait()
        self._folder.cleanup()


def _sippy_python() -> Path:
    """A Python that has sippy, in an environment of its own: its requirements are none of ours."""
    python = _SIPPY_HOME / "bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(_SIPPY_HOME)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", SIPPY], check=True)
    return python


def _children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_bound(port: int) -> None:
    """Until somebody else has the UDP port."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                return
        time.sleep(0.05)
