"""The peer of bench/api.py: GET of one number by FastAPI and an asyncpg pool, without authentication.

python bench/api_peer.py DSN PORT
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

import asyncpg
import uvicorn
from fastapi import FastAPI, HTTPException

QUERY = "select id, account_id, number, kind, name, detail, status, created_at, updated_at from numbers where id = $1"


@asynccontextmanager
async def pool(app: FastAPI) -> AsyncIterator[None]:
    async with asyncpg.create_pool(sys.argv[1], min_size=4, max_size=36) as made:
        app.state.pool = made
        yield


app = FastAPI(lifespan=pool)


@app.get("/v1.0/numbers/{number_id}")
async def get_number(number_id: UUID) -> dict[str, str | datetime | UUID | None]:
    row = await app.state.pool.fetchrow(QUERY, number_id)
    if row is None:
        raise HTTPException(404)
    return dict(row)


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), access_log=False, log_level="warning")
