"""Addresses under which the sound of a recording can be had for a while without credentials."""

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dialplane.domain.errors import NotPermitted
from dialplane.domain.ids import RecordingId
from dialplane.services.recording.recordings import SoundFormat

LINK_LASTS = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class RecordingLinks:
    """Signs and checks. The secret is one for all processes of the installation."""

    secret: bytes = field(repr=False)

    def sign(self, recording_id: RecordingId, form: SoundFormat, now: datetime) -> tuple[int, str]:
        """Until when (in seconds of the epoch), and the signature."""
        expires = int((now + LINK_LASTS).timestamp())
        return expires, self._signature(recording_id, form, expires)

    def check(
        self, recording_id: RecordingId, form: SoundFormat, *, expires: int, signature: str, now: datetime
    ) -> None:
        """Raises NotPermitted where the address was not signed here, or its time is over."""
        wanted = self._signature(recording_id, form, expires)
        if not hmac.compare_digest(wanted.encode(), signature.encode()):
            raise NotPermitted("The signature of this address does not fit it", reason="SIGNATURE_INVALID")
        if now.timestamp() >= expires:
            raise NotPermitted("This address has expired: ask for a new one", reason="LINK_EXPIRED")

    def _signature(self, recording_id: RecordingId, form: SoundFormat, expires: int) -> str:
        said = f"{recording_id}.{form}:{expires}"
        return hmac.new(self.secret, said.encode(), hashlib.sha256).hexdigest()
