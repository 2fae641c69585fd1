"""What a PDU is called and how it is answered (SMPP 3.4 sections 5.1.2.1 and 5.1.3)."""

from enum import IntEnum

RESPONSE = 0x8000_0000
"""The bit of a command id that makes it an answer."""


class Command(IntEnum):
    GENERIC_NACK = 0x8000_0000
    BIND_RECEIVER = 0x01
    BIND_RECEIVER_RESP = 0x8000_0001
    BIND_TRANSMITTER = 0x02
    BIND_TRANSMITTER_RESP = 0x8000_0002
    QUERY_SM = 0x03
    QUERY_SM_RESP = 0x8000_0003
    SUBMIT_SM = 0x04
    SUBMIT_SM_RESP = 0x8000_0004
    DELIVER_SM = 0x05
    DELIVER_SM_RESP = 0x8000_0005
    UNBIND = 0x06
    UNBIND_RESP = 0x8000_0006
    REPLACE_SM = 0x07
    REPLACE_SM_RESP = 0x8000_0007
    CANCEL_SM = 0x08
    CANCEL_SM_RESP = 0x8000_0008
    BIND_TRANSCEIVER = 0x09
    BIND_TRANSCEIVER_RESP = 0x8000_0009
    ENQUIRE_LINK = 0x15
    ENQUIRE_LINK_RESP = 0x8000_0015
    SUBMIT_MULTI = 0x21
    SUBMIT_MULTI_RESP = 0x8000_0021
    DATA_SM = 0x103
    DATA_SM_RESP = 0x8000_0103

    @property
    def is_answer(self) -> bool:
        return bool(self & RESPONSE)

    @property
    def answer(self) -> "Command":
        """The command that answers this one."""
        return Command(self | RESPONSE)


BINDS = frozenset((Command.BIND_RECEIVER, Command.BIND_TRANSMITTER, Command.BIND_TRANSCEIVER))

SUBMITS = frozenset((Command.SUBMIT_SM, Command.SUBMIT_MULTI, Command.DATA_SM))
ORDERS = frozenset((Command.QUERY_SM, Command.CANCEL_SM, Command.REPLACE_SM))
"""About messages that were handed over before."""


class Status(IntEnum):
    """What stands in an answer. Peers send others too, so a received one is a plain int."""

    OK = 0x00
    INVALID_MESSAGE_LENGTH = 0x01
    INVALID_COMMAND_LENGTH = 0x02
    INVALID_COMMAND = 0x03
    WRONG_BIND_STATE = 0x04
    ALREADY_BOUND = 0x05
    SYSTEM_ERROR = 0x08
    INVALID_SOURCE = 0x0A
    INVALID_DESTINATION = 0x0B
    INVALID_MESSAGE_ID = 0x0C
    BIND_FAILED = 0x0D
    INVALID_PASSWORD = 0x0E
    INVALID_SYSTEM_ID = 0x0F
    CANCEL_FAILED = 0x11
    REPLACE_FAILED = 0x13
    QUEUE_FULL = 0x14
    INVALID_SERVICE_TYPE = 0x15
    INVALID_DESTINATION_COUNT = 0x33
    INVALID_LIST_NAME = 0x34
    INVALID_DESTINATION_FLAG = 0x40
    INVALID_ESM_CLASS = 0x43
    SUBMIT_FAILED = 0x45
    INVALID_SYSTEM_TYPE = 0x53
    THROTTLED = 0x58
    INVALID_SCHEDULE = 0x61
    INVALID_EXPIRY = 0x62
    TEMPORARY_APPLICATION_ERROR = 0x64
    PERMANENT_APPLICATION_ERROR = 0x65
    REJECTED_BY_APPLICATION = 0x66
    QUERY_FAILED = 0x67
    INVALID_OPTIONAL_PART = 0xC0
    INVALID_PARAMETER_LENGTH = 0xC2
    DELIVERY_FAILED = 0xFE
    UNKNOWN_ERROR = 0xFF


PASSING = frozenset(
    (
        Status.SYSTEM_ERROR,
        Status.QUEUE_FULL,
        Status.THROTTLED,
        Status.TEMPORARY_APPLICATION_ERROR,
    )
)
"""The same request may well be taken later."""


def status_text(status: int) -> str:
    """For records and people: the name where it has one here, and the number."""
    try:
        return f"{Status(status).name.lower().replace('_', ' ')} (0x{status:02X})"
    except ValueError:
        return f"status 0x{status:02X}"
