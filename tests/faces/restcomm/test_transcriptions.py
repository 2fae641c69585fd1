"""`Transcriptions` in both dialects (reference 4.9)."""

from datetime import timedelta

import pytest

from dialplane.domain.ids import TranscriptionId, new_id, to_sid
from dialplane.domain.recording.recordings import Recording
from dialplane.domain.recording.transcriptions import TranscribedThing, Transcription, TranscriptionStatus
from dialplane.services.transaction import Database
from tests.faces.conftest import Tenant
from tests.faces.recorded import WHEN, called, recorded
from tests.faces.restcomm.conftest import FormClient


@pytest.fixture
async def recording(database: Database, tenant: Tenant) -> Recording:
    return await recorded(database, await called(database, tenant.id))


async def transcribed(
    database: Database, recording: Recording, text: str, *, days: int = 0, done: bool = True
) -> Transcription:
    at = WHEN + timedelta(days=days)
    made = Transcription(
        id=TranscriptionId(new_id(at)),
        account_id=recording.account_id,
        reference_type=TranscribedThing.RECORDING,
        reference_id=recording.id,
        created_at=at,
        status=TranscriptionStatus.DONE if done else TranscriptionStatus.PROGRESSING,
        message=text,
        duration_ms=1500,
    )
    async with database.transaction() as tx:
        await tx.transcriptions.save(made)
    return made


async def test_transcription_shows_what_is_documented(
    restcomm: FormClient, twilio: FormClient, database: Database, recording: Recording
) -> None:
    made = await transcribed(database, recording, "call me back")
    path = f"Transcriptions/{to_sid('TR', made.id)}"

    old = (await restcomm.ask("GET", f"{path}.json")).json
    new = (await twilio.ask("GET", f"{path}.json")).json

    assert old == {
        "sid": to_sid("TR", made.id),
        "date_created": "Sun, 1 Mar 2026 12:00:00 +0000",
        "date_updated": "Sun, 1 Mar 2026 12:00:00 +0000",
        "account_sid": restcomm.sid,
        "status": "completed",
        "recording_sid": to_sid("RE", recording.id),
        "duration": 1.5,
        "transcription_text": "call me back",
        "price": "0.00",
        "price_unit": "USD",
        "uri": f"{restcomm.base}/Accounts/{restcomm.sid}/{path}.json",
    }
    assert (new["duration"], new["type"], new["api_version"]) == ("2", "fast", "2010-04-01")


async def test_lists_are_filtered_by_day_and_text(
    restcomm: FormClient, twilio: FormClient, database: Database, recording: Recording
) -> None:
    made = [await transcribed(database, recording, text, days=day) for day, text in enumerate(("yes", "no", "100%"))]
    sids = [to_sid("TR", each.id) for each in made]

    async def found(client: FormClient, path: str) -> list[int]:
        return [sids.index(each["sid"]) for each in (await client.ask("GET", path)).json["transcriptions"]]

    assert await found(restcomm, "Transcriptions.json") == [2, 1, 0]
    assert await found(restcomm, "Transcriptions.json?StartTime=2026-03-02&EndTime=2026-03-02") == [1]
    assert await found(restcomm, "Transcriptions.json?TranscriptionText=100%25") == [2]
    assert await found(twilio, f"Recordings/{to_sid('RE', recording.id)}/Transcriptions.json?PageSize=2") == [2, 1]


async def test_transcription_is_deleted_when_it_is_over(
    twilio: FormClient, database: Database, recording: Recording
) -> None:
    over = await transcribed(database, recording, "done")
    live = await transcribed(database, recording, "", done=False)

    assert (await twilio.ask("DELETE", f"Transcriptions/{to_sid('TR', live.id)}.json")).status == 409
    assert (await twilio.ask("DELETE", f"Transcriptions/{to_sid('TR', over.id)}.json")).status == 204
    assert (await twilio.ask("GET", f"Transcriptions/{to_sid('TR', over.id)}.json")).status == 404


async def test_transcription_of_another_account_is_not_found(
    twilio: FormClient, database: Database, other_tenant: Tenant
) -> None:
    foreign = await recorded(database, await called(database, other_tenant.id))
    made = await transcribed(database, foreign, "secret")

    for method in ("GET", "DELETE"):
        assert (await twilio.ask(method, f"Transcriptions/{to_sid('TR', made.id)}.json")).status == 404
    assert (await twilio.ask("GET", f"Recordings/{to_sid('RE', foreign.id)}/Transcriptions.json")).status == 404
