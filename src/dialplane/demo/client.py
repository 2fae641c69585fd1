"""A small client of the VoIPBIN face and the operator API, as a new user would write one."""

from collections.abc import Mapping
from typing import Any

import aiohttp

from dialplane.demo.children import StepFailed


class Client:
    """Calls the API with the credentials of `ready.json`."""

    def __init__(self, session: aiohttp.ClientSession, ready: Mapping[str, str]) -> None:
        self._session = session
        self._ready = ready

    async def get(self, path: str, **query: str) -> Any:
        return await self._ask("GET", f"/v1.0{path}", query=query)

    async def post(self, path: str, body: object) -> Any:
        return await self._ask("POST", f"/v1.0{path}", body=body)

    async def put(self, path: str, body: object) -> Any:
        return await self._ask("PUT", f"/v1.0{path}", body=body)

    async def operator_get(self, path: str, **query: str) -> Any:
        return await self._ask("GET", f"/operator/v1{path}", query=query, as_operator=True)

    async def operator_post(self, path: str, body: object) -> Any:
        return await self._ask("POST", f"/operator/v1{path}", body=body, as_operator=True)

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: object = None,
        as_operator: bool = False,
    ) -> Any:
        """The decoded answer. Raises StepFailed where it is no success."""
        parameters = dict(query or {})
        headers: dict[str, str] = {}
        if as_operator:
            headers["Authorization"] = f"Bearer {self._ready['operator_key']}"
        else:
            parameters["accesskey"] = self._ready["access_key"]
        url = self._ready["http"] + path
        async with self._session.request(method, url, params=parameters, json=body, headers=headers) as answer:
            text = await answer.text()
            if not 200 <= answer.status < 300:
                raise StepFailed(f"{method} {path} answered {answer.status}: {text[:400]}")
            return await answer.json() if text else None
