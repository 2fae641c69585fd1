"""The media process: RTP in a single thread, away from everything else."""

from dialplane.bootstrap.process import announce
from dialplane.config.settings import Settings
from dialplane.media.process import serve


def run(settings: Settings) -> None:
    """Serve until told to stop. Raises OSError where the control socket cannot be made."""
    settings.media_socket.parent.mkdir(parents=True, exist_ok=True)
    serve(
        settings.media_socket,
        settings.sip.host,
        settings.rtp.first,
        settings.rtp.last,
        on_serving=lambda: announce("media", socket=str(settings.media_socket), rtp=str(settings.rtp)),
    )
