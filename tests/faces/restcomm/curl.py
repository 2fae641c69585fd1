"""`curl` as a document prints it: the options that it uses, sent byte for byte as curl sends them."""

import asyncio
import base64
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.faces.conftest import Answer


@dataclass
class Curl:
    """A parsed command line. What it does not know is a fault in the test."""

    method: str = "GET"
    url: str = ""
    user: str = ""
    data: list[str] = field(default_factory=list)

    @classmethod
    def parse(cls, command: str) -> "Curl":
        words = iter(shlex.split(command.replace("\\\n", " ")))
        assert next(words) == "curl"
        parsed = cls()
        for word in words:
            match word:
                case "-X":
                    parsed.method = next(words)
                case "-d":
                    parsed.data.append(next(words))
                case "-u":
                    parsed.user = next(words)
                case _:
                    assert not word.startswith("-")
                    assert not parsed.url
                    parsed.url = word
        return parsed

    def request(self) -> bytes:
        """`-d` arguments are joined by `&` and not encoded any further: a `+` stays a `+`."""
        host, _, path = self.url.removeprefix("http://").partition("/")
        credentials = base64.b64encode(self.user.encode()).decode()
        head = [
            f"{self.method} /{path} HTTP/1.1",
            f"Host: {host}",
            f"Authorization: Basic {credentials}",
            "User-Agent: curl/7.88.1",
            "Accept: */*",
        ]
        body = "&".join(self.data).encode()
        if self.data:
            head += [f"Content-Length: {len(body)}", "Content-Type: application/x-www-form-urlencoded"]
        return "\r\n".join([*head, "", ""]).encode() + body


async def run_curl(command: str) -> Answer:
    """What the server answers; the head's names in lower case."""
    curl = Curl.parse(command)
    host, _, port = curl.url.removeprefix("http://").partition("/")[0].partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(curl.request())
        status, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").strip().split("\r\n")
        headers: Mapping[str, str] = dict(line.lower().split(": ", 1) for line in lines)
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    finally:
        writer.close()
        await writer.wait_closed()
    return Answer(int(status.split()[1]), headers, body)
