"""PDUs: read from octets and written to them (SMPP 3.4 section 4).

A body is one of a few shapes, whatever its command: a bind, an answer with a name, a short message to one or to
several, an order about one that was handed over, or nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from dialplane.smpp.addresses import Address, address_octets, read_address
from dialplane.smpp.commands import BINDS, Command, Status
from dialplane.smpp.fields import PduFault, Reader, Tag, Tlvs, c_string, tlv_octets
from dialplane.smpp.orders import (
    LONGEST_ID,
    Cancel,
    Order,
    Query,
    QueryResult,
    Replace,
    order_octets,
    read_cancel,
    read_query,
    read_query_result,
    read_replace,
)

HEADER = 16
MOST_SHORT_MESSAGE = 254
"""Octets of the field `short_message`; longer ones go in `message_payload`."""

UDH_INDICATOR = 0x40
MESSAGE_TYPE = 0x3C
"""Bits of esm_class: a header stands before the text; which kind of message it is."""
RECEIPT, ACKNOWLEDGEMENT, INTERMEDIATE = 0x04, 0x08, 0x20
_TO_ADDRESS, _TO_LIST = 1, 2
"""dest_flag (5.2.25)."""


@dataclass(frozen=True, slots=True)
class Bind:
    """Body of a bind request (4.1)."""

    system_id: str
    password: str = field(repr=False)
    system_type: str = ""
    interface_version: int = 0x34
    ton: int = 0
    npi: int = 0
    address_range: str = ""


@dataclass(frozen=True, slots=True)
class Named:
    """Body of an answer that names something: the system that was bound to, or the message that was taken."""

    name: str
    tlvs: Tlvs = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ShortMessage:
    """Body of submit_sm, deliver_sm (4.4, 4.6) and data_sm (4.7), which has no `short_message` and fewer fields."""

    source: Address
    destination: Address
    short_message: bytes = b""
    data_coding: int = 0
    esm_class: int = 0
    registered_delivery: int = 0
    service_type: str = ""
    protocol_id: int = 0
    priority: int = 0
    schedule: str = ""
    validity: str = ""
    replace_if_present: int = 0
    default_message_id: int = 0
    tlvs: Tlvs = field(default_factory=dict)

    @property
    def octets(self) -> bytes:
        """The user data, whichever field carries it (5.3.2.32)."""
        return self.short_message or self.tlvs.get(Tag.MESSAGE_PAYLOAD, b"")

    @property
    def has_header(self) -> bool:
        return bool(self.esm_class & UDH_INDICATOR)

    @property
    def is_receipt(self) -> bool:
        """Of the carrier about a message of ours; acknowledgements of handsets are none."""
        return self.esm_class & MESSAGE_TYPE == RECEIPT


@dataclass(frozen=True, slots=True)
class MultiMessage:
    """Body of submit_multi (4.5): one message, whose own destination is empty, to several; `lists` names distribution
    lists."""

    message: ShortMessage
    destinations: tuple[Address, ...] = ()
    lists: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MultiResult:
    """Body of its answer: who did not get it, each with the status that says why."""

    name: str
    refused: tuple[tuple[Address, int], ...] = ()


Body = Bind | Named | ShortMessage | MultiMessage | MultiResult | Order | QueryResult | None


@dataclass(frozen=True, slots=True)
class Pdu:
    command: Command
    sequence: int
    status: int = 0
    body: Body = None

    def __bytes__(self) -> bytes:
        """Raises ValueError where a field is longer than the protocol carries."""
        body = _write(self.command, self.body)
        head = (HEADER + len(body), self.command, self.status, self.sequence)
        return b"".join(value.to_bytes(4, "big") for value in head) + body


def read_pdu(octets: bytes) -> Pdu:
    """One whole PDU. The parser's work is bounded by the octets.

    Raises PduFault: INVALID_COMMAND for a command that is not known here, else the status of the field at fault.
    """
    number, status, sequence = (int.from_bytes(octets[at : at + 4], "big") for at in (4, 8, 12))
    try:
        command = Command(number)
    except ValueError as fault:
        raise PduFault(Status.INVALID_COMMAND, f"0x{number:08X} is no command here") from fault
    reader = Reader(octets[HEADER:])
    # An answer that refuses may come without its body (4.4.2, and many do so for the others too).
    if command.is_answer and reader.is_at_end:
        return Pdu(command, sequence, status)
    read = _READ.get(command)
    return Pdu(command, sequence, status, read(reader) if read else None)


def _read_bind(reader: Reader) -> Bind:
    return Bind(
        system_id=reader.string(16, Status.INVALID_SYSTEM_ID),
        password=reader.string(64, Status.INVALID_PASSWORD),  # 9 by the book; real peers take longer ones
        system_type=reader.string(13, Status.INVALID_SYSTEM_TYPE),
        interface_version=reader.integer(),
        ton=reader.integer(),
        npi=reader.integer(),
        address_range=reader.string(41, Status.BIND_FAILED),
    )


def _read_message(reader: Reader) -> ShortMessage:
    service_type = reader.string(6, Status.INVALID_SERVICE_TYPE)
    source = read_address(reader, 21, Status.INVALID_SOURCE)
    destination = read_address(reader, 21, Status.INVALID_DESTINATION)
    return _read_rest(reader, service_type, source, destination)


def _read_multi(reader: Reader) -> MultiMessage:
    service_type = reader.string(6, Status.INVALID_SERVICE_TYPE)
    source = read_address(reader, 21, Status.INVALID_SOURCE)
    destinations, lists = [], []
    for _ in range(reader.integer(Status.INVALID_DESTINATION_COUNT)):
        flag = reader.integer(Status.INVALID_DESTINATION_FLAG)
        if flag == _TO_ADDRESS:
            destinations.append(read_address(reader, 21, Status.INVALID_DESTINATION))
        elif flag == _TO_LIST:
            lists.append(reader.string(21, Status.INVALID_LIST_NAME))
        else:
            raise PduFault(Status.INVALID_DESTINATION_FLAG, f"a destination is of kind {flag}")
    message = _read_rest(reader, service_type, source, Address(""))
    return MultiMessage(message, tuple(destinations), tuple(lists))


def _read_multi_result(reader: Reader) -> MultiResult:
    name, refused = reader.string(LONGEST_ID, Status.INVALID_MESSAGE_ID), []
    for _ in range(reader.integer()):
        address = read_address(reader, 21, Status.INVALID_DESTINATION)
        refused.append((address, int.from_bytes(reader.octets(4, Status.INVALID_COMMAND_LENGTH), "big")))
    return MultiResult(name, tuple(refused))


def _read_rest(reader: Reader, service_type: str, source: Address, destination: Address) -> ShortMessage:
    """What follows the parties."""
    esm_class, protocol_id, priority = reader.integer(), reader.integer(), reader.integer()
    schedule = reader.string(17, Status.INVALID_SCHEDULE)
    validity = reader.string(17, Status.INVALID_EXPIRY)
    registered, replaces, coding, default_id = (reader.integer() for _ in range(4))
    text = reader.octets(reader.integer(Status.INVALID_MESSAGE_LENGTH), Status.INVALID_MESSAGE_LENGTH)
    tlvs = reader.tlvs()
    if text and Tag.MESSAGE_PAYLOAD in tlvs:
        raise PduFault(Status.INVALID_MESSAGE_LENGTH, "both short_message and message_payload have content")
    return ShortMessage(
        source=source,
        destination=destination,
        short_message=text,
        data_coding=coding,
        esm_class=esm_class,
        registered_delivery=registered,
        service_type=service_type,
        protocol_id=protocol_id,
        priority=priority,
        schedule=schedule,
        validity=validity,
        replace_if_present=replaces,
        default_message_id=default_id,
        tlvs=tlvs,
    )


def _read_data(reader: Reader) -> ShortMessage:
    service_type = reader.string(6, Status.INVALID_SERVICE_TYPE)
    source = read_address(reader, 65, Status.INVALID_SOURCE)
    destination = read_address(reader, 65, Status.INVALID_DESTINATION)
    esm_class, registered, coding = (reader.integer() for _ in range(3))
    return ShortMessage(
        source=source,
        destination=destination,
        data_coding=coding,
        esm_class=esm_class,
        registered_delivery=registered,
        service_type=service_type,
        tlvs=reader.tlvs(),
    )


def _read_bound(reader: Reader) -> Named:
    return Named(reader.string(16, Status.INVALID_SYSTEM_ID), reader.tlvs())


def _read_taken(reader: Reader) -> Named:
    return Named(reader.string(LONGEST_ID, Status.INVALID_MESSAGE_ID), reader.tlvs())


_READ: dict[Command, Callable[[Reader], Body]] = {
    **dict.fromkeys(BINDS, _read_bind),
    **{bind.answer: _read_bound for bind in BINDS},
    Command.SUBMIT_SM: _read_message,
    Command.DELIVER_SM: _read_message,
    Command.DATA_SM: _read_data,
    Command.SUBMIT_SM_RESP: _read_taken,
    Command.DELIVER_SM_RESP: _read_taken,
    Command.DATA_SM_RESP: _read_taken,
    Command.SUBMIT_MULTI: _read_multi,
    Command.SUBMIT_MULTI_RESP: _read_multi_result,
    Command.QUERY_SM: read_query,
    Command.QUERY_SM_RESP: read_query_result,
    Command.CANCEL_SM: read_cancel,
    Command.REPLACE_SM: read_replace,
}


def _write(command: Command, body: Body) -> bytes:
    match body:
        case Bind():
            return (
                c_string(body.system_id, 16)
                + c_string(body.password, 64)
                + c_string(body.system_type, 13)
                + bytes((body.interface_version, body.ton, body.npi))
                + c_string(body.address_range, 41)
            )
        case Named():
            return c_string(body.name, LONGEST_ID) + tlv_octets(body.tlvs)
        case ShortMessage() if command is Command.DATA_SM:
            return _write_data(body)
        case ShortMessage():
            return _write_sender(body) + address_octets(body.destination, 21) + _write_rest(body)
        case MultiMessage():
            return _write_sender(body.message) + _write_destinations(body) + _write_rest(body.message)
        case MultiResult():
            refused = (address_octets(address, 21) + status.to_bytes(4, "big") for address, status in body.refused)
            return c_string(body.name, LONGEST_ID) + bytes((len(body.refused),)) + b"".join(refused)
        case Query() | QueryResult() | Cancel() | Replace():
            return order_octets(body)
        case None:
            return b""


def _write_data(body: ShortMessage) -> bytes:
    return (
        c_string(body.service_type, 6)
        + address_octets(body.source, 65)
        + address_octets(body.destination, 65)
        + bytes((body.esm_class, body.registered_delivery, body.data_coding))
        + tlv_octets(body.tlvs)
    )


def _write_sender(body: ShortMessage) -> bytes:
    return c_string(body.service_type, 6) + address_octets(body.source, 21)


def _write_destinations(body: MultiMessage) -> bytes:
    addresses = (bytes((_TO_ADDRESS,)) + address_octets(each, 21) for each in body.destinations)
    lists = (bytes((_TO_LIST,)) + c_string(each, 21) for each in body.lists)
    return bytes((len(body.destinations) + len(body.lists),)) + b"".join((*addresses, *lists))


def _write_rest(body: ShortMessage) -> bytes:
    return (
        bytes((body.esm_class, body.protocol_id, body.priority))
        + c_string(body.schedule, 17)
        + c_string(body.validity, 17)
        + bytes((body.registered_delivery, body.replace_if_present, body.data_coding, body.default_message_id))
        + bytes((len(body.short_message),))
        + body.short_message
        + tlv_octets(body.tlvs)
    )
