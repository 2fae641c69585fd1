"""How long a call may last."""

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.calling.calls import CallExtras
from dialplane.domain.programs.sources import RESTCOMM_VERSION
from tests.voice.line import a_line


async def test_call_that_runs_documents_may_last_four_hours_and_any_other_one(database: PostgresDatabase) -> None:
    """VoIPBIN reference 4.5; Restcomm reference 5.8."""
    async with a_line(database) as line:
        others = line.leg.longest_s
        line.leg.update(extras=CallExtras(api_version=RESTCOMM_VERSION))

        assert (others, line.leg.longest_s) == (3_600, 14_400)
