"""What a fake Telnyx has beside numbers: outbound voice profiles, and the connections that call by them."""

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from aiohttp import web

from dialplane.fakes.misbehaviour import HOW, How

Record = dict[str, Any]


@dataclass
class FakeTrunks:
    """Of one account; each by its id."""

    profiles: dict[str, Record] = field(default_factory=dict)
    connections: dict[str, Record] = field(default_factory=dict)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/v2/whoami", self.who_am_i),
            web.post("/v2/outbound_voice_profiles", self.make_profile),
            web.get("/v2/outbound_voice_profiles", self.list_profiles),
            web.delete("/v2/outbound_voice_profiles/{id}", self.delete_profile),
            web.post("/v2/credential_connections", self.make_connection),
            web.get("/v2/credential_connections", self.list_connections),
            web.delete("/v2/credential_connections/{id}", self.delete_connection),
        ]

    async def who_am_i(self, _: web.Request) -> web.Response:
        return web.json_response({"data": {"user_id": "fake", "api_key_scope": "all"}})

    async def make_profile(self, request: web.Request) -> web.Response:
        given = await request.json()
        if request[HOW] == How.REFUSE or len(given.get("name", "")) < 3:
            return failure(422, "The account must be verified first", code="10015")
        profile = {"id": str(uuid4()), "record_type": "outbound_voice_profile", "enabled": True} | given
        self.profiles[profile["id"]] = profile
        return web.json_response({"data": profile}, status=201)

    async def list_profiles(self, request: web.Request) -> web.Response:
        return _containing(self.profiles, "name", request.query.get("filter[name][contains]", ""))

    async def delete_profile(self, request: web.Request) -> web.Response:
        wanted = request.match_info["id"]
        if any(each["outbound"]["outbound_voice_profile_id"] == wanted for each in self.connections.values()):
            return failure(422, "The profile is in use", code="10015")
        return _taken_away(self.profiles, wanted)

    async def make_connection(self, request: web.Request) -> web.Response:
        given = await request.json()
        name, password = given.get("user_name", ""), given.get("password", "")
        known = given.get("outbound", {}).get("outbound_voice_profile_id") in self.profiles
        sound = name.isalnum() and name.isascii() and 4 <= len(name) <= 32 and 8 <= len(password) <= 128
        if request[HOW] == How.REFUSE or not sound or not known:
            return failure(422, "The connection is not valid", code="10015")
        connection = {"id": str(uuid4()), "record_type": "credential_connection"} | given
        self.connections[connection["id"]] = connection
        return web.json_response({"data": connection}, status=201)

    async def list_connections(self, request: web.Request) -> web.Response:
        wanted = request.query.get("filter[connection_name][contains]", "")
        return _containing(self.connections, "connection_name", wanted)

    async def delete_connection(self, request: web.Request) -> web.Response:
        return _taken_away(self.connections, request.match_info["id"])


def failure(status: int, words: str, *, code: str = "10000") -> web.Response:
    return web.json_response({"errors": [{"code": code, "title": words, "detail": words}]}, status=status)


def _containing(records: dict[str, Record], name: str, part: str) -> web.Response:
    return web.json_response({"data": [each for each in records.values() if part in each[name]]})


def _taken_away(records: dict[str, Record], wanted: str) -> web.Response:
    found = records.pop(wanted, None)
    return failure(404, "Resource not found", code="10005") if found is None else web.json_response({"data": found})
