"""Whom the operator believes, in Postgres."""

from datetime import datetime

import asyncpg

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.adapters.secrets.sealing import Seal
from dialplane.domain.calling.trust import Checking, SigningCertificate, TrunkTrust, Trust, TrustedTrunk
from dialplane.domain.ids import TrunkId


class PostgresTrustStore:
    """Fulfils `services.calling.trust.TrustStore`."""

    def __init__(self, connection: Connection, seal: Seal) -> None:
        self._connection = connection
        self._seal = seal
        self._sql = queries("trust")

    async def read(self) -> Trust:
        row = await self._connection.fetchrow(self._sql["find_settings"])
        trunks = tuple(_trunk(each) for each in await self._connection.fetch(self._sql["list_trunks"]))
        if row is None:
            return Trust(trunks=trunks)
        signing = None
        if row["certificate_url"]:
            signing = SigningCertificate(
                row["certificate_url"], row["certificate"], self._seal.open(row["private_key"])
            )
        return Trust(signing, row["trust_anchors"], trunks)

    async def put_signing(self, signing: SigningCertificate | None, now: datetime) -> None:
        if signing is None:
            await self._connection.execute(self._sql["put_signing"], "", "", "", now)
        else:
            key = self._seal.close(signing.private_key)
            await self._connection.execute(self._sql["put_signing"], signing.url, signing.certificate, key, now)

    async def put_anchors(self, anchors: str, now: datetime) -> None:
        await self._connection.execute(self._sql["put_anchors"], anchors, now)

    async def put_trunk(self, trunk_id: TrunkId, trust: TrunkTrust, now: datetime) -> None:
        await self._connection.execute(
            self._sql["put_trunk"],
            trunk_id,
            trust.signs,
            trust.checking,
            trust.requires_identity,
            trust.takes_emergency,
            now,
        )


def _trunk(row: asyncpg.Record) -> TrustedTrunk:
    trust = TrunkTrust(row["signs"], Checking(row["checking"]), row["requires_identity"], row["takes_emergency"])
    return TrustedTrunk(TrunkId(row["trunk_id"]), trust)
