"""Dialplane: a self-hosted phone-number platform. See ARCHITECTURE.md for the way through the code."""

from dialplane import compiled

__version__ = "0.1.0"

compiled.install()
