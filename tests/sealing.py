"""The seal under which tests keep secrets."""

from dialplane.adapters.secrets.sealing import Seal

SEAL = Seal(bytes(range(32)))
