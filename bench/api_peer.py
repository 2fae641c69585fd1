"""The peer of bench/api.py: GET of the same number by FastAPI, a response model and an asyncpg pool as it comes.

It answers the same fields, without authentication, rate limits, request ids and metrics.

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
from pydantic import BaseModel

QUERY = """
select id, account_id as customer_id, number, kind as type, kind as number_type,
    coalesce((voice_target ->> 'flow_id')::uuid, '00000000-0000-0000-0000-000000000000') as call_flow_id,
    coalesce((message_target ->> 'flow_id')::uuid, '00000000-0000-0000-0000-000000000000') as message_flow_id,
    name, detail, status, suspended_for, country, capabilities as features, tags, protected, monthly_micros,
    purchased_at as tm_purchase, renews_at as tm_renew, created_at as tm_create, updated_at as tm_update,
    released_at as tm_delete
from numbers where id = $1
"""


class Metadata(BaseModel):
    rtp_debug: bool = False


class Number(BaseModel):
    id: UUID
    customer_id: UUID
    number: str
    type: str
    number_type: str
    call_flow_id: UUID
    message_flow_id: UUID
    name: str
    detail: str
    status: str
    suspended_for: str
    country: str
    features: list[str]
    tags: list[str]
    protected: bool
    t38_enabled: bool = False
    emergency_enabled: bool = False
    metadata: Metadata = Metadata()
    monthly_micros: int
    tm_purchase: datetime | None
    tm_renew: datetime | None
    tm_create: datetime | None
    tm_update: datetime | None
    tm_delete: datetime | None


@asynccontextmanager
async def pool(app: FastAPI) -> AsyncIterator[None]:
    async with asyncpg.create_pool(sys.argv[1], min_size=4, max_size=36) as made:
        app.state.pool = made
        yield


app = FastAPI(lifespan=pool)


@app.get("/v1.0/numbers/{number_id}")
async def get_number(number_id: UUID) -> Number:
    row = await app.state.pool.fetchrow(QUERY, number_id)
    if row is None:
        raise HTTPException(404)
    return Number(**row)


if __name__ == "__main__":
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(sys.argv[2]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
