"""`python -m dialplane.bootstrap PARENT CHANNEL`: the nursery, as the supervisor starts it."""

import sys

# structlog loads it where it finds it, for pictures of tracebacks that a log of JSON lines never shows.
sys.modules["rich"] = None  # type: ignore[assignment]

from dialplane.bootstrap import nursery  # noqa: E402

if __name__ == "__main__":
    parent, channel = map(int, sys.argv[1:])
    sys.exit(nursery.run(parent, channel))
