"""The command `dialplane`: hands the command line the programs that it can start."""

from dialplane.bootstrap.programs import launch
from dialplane.faces.cli.application import app


def main() -> None:
    app(obj=launch)


if __name__ == "__main__":
    main()
