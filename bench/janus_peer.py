"""Janus's AudioBridge with participants over plain RTP, ordered about over its Unix socket."""

import asyncio
import json
import os
import socket
import subprocess
import tempfile
import uuid
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from media_peers import HOST

_PORTS = (20_000, 23_999)
_LIBRARIES = Path("/usr/lib/x86_64-linux-gnu/janus")


class Janus:
    """Debian's `janus`: rooms at 8,000 Hz, members with mu-law, nothing but the AudioBridge loaded."""

    name = "janus"

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="dialplane-bench-")
        folder = Path(self._folder.name)
        self._path = folder / "janus.sock"
        self._write_configuration(folder)
        self._process = subprocess.Popen(
            ["janus", "--configs-folder", str(folder), "--disable-colors"], stdout=subprocess.DEVNULL
        )
        self.pid = self._process.pid
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.settimeout(5)
        self._session = 0

    async def __aenter__(self) -> "Janus":
        try:
            async with asyncio.timeout(30):
                while not self._session:
                    with suppress(OSError):
                        self._socket.connect(str(self._path))
                        self._session = self._ask({"janus": "create"})["data"]["id"]
                    await asyncio.sleep(0.05)
        except TimeoutError:
            self._process.terminate()
            raise RuntimeError("janus does not answer") from None
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait()
        self._socket.close()
        self._folder.cleanup()

    async def confer(self, rooms: int, size: int, party: int) -> list[int]:
        """Open the rooms, each with so many members; the ports where these send to."""
        operator = self._attach()
        ports = []
        for number in range(1, rooms + 1):
            room = {"request": "create", "room": number, "sampling_rate": 8_000, "allow_rtp_participants": True}
            self._message(operator, {**room, "audiolevel_event": False})
            for _ in range(size):
                rtp = {"ip": HOST, "port": party, "payload_type": 0}
                join = {"request": "join", "room": number, "codec": "pcmu", "rtp": rtp}
                joined = self._message(self._attach(), join)
                ports.append(int(joined["rtp"]["port"]))
        return ports

    async def lateness(self) -> str:
        return "not told"

    def _attach(self) -> int:
        answer = self._ask({"janus": "attach", "session_id": self._session, "plugin": "janus.plugin.audiobridge"})
        return int(answer["data"]["id"])

    def _message(self, handle: int, body: dict[str, Any]) -> dict[str, Any]:
        order = {"janus": "message", "session_id": self._session, "handle_id": handle, "body": body}
        data: dict[str, Any] = self._ask(order)["plugindata"]["data"]
        if "error" in data:
            raise RuntimeError(f"{body['request']}: {data['error']}")
        return data

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """The final answer to this request; acknowledgements and others' events are stepped over."""
        transaction = os.urandom(6).hex()
        self._socket.send(json.dumps({**request, "transaction": transaction}).encode())
        while True:
            answer: dict[str, Any] = json.loads(self._socket.recv(65_536))
            if answer.get("transaction") == transaction and answer["janus"] != "ack":
                if answer["janus"] == "error":
                    raise RuntimeError(str(answer["error"]))
                return answer

    def _write_configuration(self, folder: Path) -> None:
        places = "".join(
            f'\t{name}_folder = "{_LIBRARIES / name}"\n' for name in ("plugins", "transports", "events", "loggers")
        )
        (folder / "janus.jcfg").write_text(
            "general: {\n"
            f'\tconfigs_folder = "{folder}"\n{places}'
            f'\tdebug_level = 2\n\tsession_timeout = 0\n\tserver_name = "{uuid.uuid4().hex}"\n'
            "}\n"
            'plugins: { disable = "libjanus_duktape.so,libjanus_echotest.so,libjanus_lua.so,libjanus_nosip.so,'
            "libjanus_recordplay.so,libjanus_sip.so,libjanus_streaming.so,libjanus_textroom.so,libjanus_videocall.so,"
            'libjanus_videoroom.so,libjanus_voicemail.so" }\n'
            'transports: { disable = "libjanus_http.so,libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_rabbitmq.so,'
            'libjanus_websockets.so" }\n'
        )
        (folder / "janus.transport.pfunix.jcfg").write_text(
            f'general: {{ enabled = true\n json = "compact"\n path = "{self._path}"\n type = "SOCK_SEQPACKET" }}\n'
            "admin: { admin_enabled = false }\n"
        )
        (folder / "janus.plugin.audiobridge.jcfg").write_text(
            f'general: {{ local_ip = "{HOST}"\n rtp_port_range = "{_PORTS[0]}-{_PORTS[1]}" }}\n'
        )
