"""Why `dialplane up` cannot go on, each with its exit status."""


class StartError(Exception):
    """The platform cannot start. The text is a sentence for the person at the terminal."""

    exit_status = 1


class BusyError(StartError):
    """Another process has what we need: the data folder or a port."""

    exit_status = 3
