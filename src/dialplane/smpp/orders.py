"""What may be asked about a message that was handed over: query_sm, cancel_sm and replace_sm (SMPP 3.4 sections 4.8 to
4.10)."""

from dataclasses import dataclass

from dialplane.smpp.addresses import Address, address_octets, read_address
from dialplane.smpp.commands import Status
from dialplane.smpp.fields import PduFault, Reader, c_string

LONGEST_ID = 65


@dataclass(frozen=True, slots=True)
class Query:
    message_id: str
    source: Address


@dataclass(frozen=True, slots=True)
class QueryResult:
    """`final_at` is empty while the message is under way; `error` is the network's, 0 where there is none."""

    message_id: str
    final_at: str = ""
    state: int = 0
    error: int = 0


@dataclass(frozen=True, slots=True)
class Cancel:
    """One message, or with an empty id every one between the two parties."""

    message_id: str
    source: Address
    destination: Address
    service_type: str = ""


@dataclass(frozen=True, slots=True)
class Replace:
    """Empty times stay as they were."""

    message_id: str
    source: Address
    short_message: bytes = b""
    schedule: str = ""
    validity: str = ""
    registered_delivery: int = 0
    default_message_id: int = 0


Order = Query | Cancel | Replace


def read_query(reader: Reader) -> Query:
    return Query(_id(reader), read_address(reader, 21, Status.INVALID_SOURCE))


def read_query_result(reader: Reader) -> QueryResult:
    return QueryResult(_id(reader), reader.string(17, Status.QUERY_FAILED), reader.integer(), reader.integer())


def read_cancel(reader: Reader) -> Cancel:
    service_type = reader.string(6, Status.INVALID_SERVICE_TYPE)
    message_id = _id(reader)
    source = read_address(reader, 21, Status.INVALID_SOURCE)
    return Cancel(message_id, source, read_address(reader, 21, Status.INVALID_DESTINATION), service_type)


def read_replace(reader: Reader) -> Replace:
    message_id = _id(reader)
    source = read_address(reader, 21, Status.INVALID_SOURCE)
    schedule = reader.string(17, Status.INVALID_SCHEDULE)
    validity = reader.string(17, Status.INVALID_EXPIRY)
    registered, default_id = reader.integer(), reader.integer()
    text = reader.octets(reader.integer(Status.INVALID_MESSAGE_LENGTH), Status.INVALID_MESSAGE_LENGTH)
    if not reader.is_at_end:  # it has no optional parameters
        raise PduFault(Status.INVALID_COMMAND_LENGTH, "a replace_sm ends with its text")
    return Replace(message_id, source, text, schedule, validity, registered, default_id)


def order_octets(body: Order | QueryResult) -> bytes:
    """Raises ValueError where a field is longer than the protocol carries."""
    match body:
        case Query(message_id, source):
            return c_string(message_id, LONGEST_ID) + address_octets(source, 21)
        case QueryResult(message_id, final_at, state, error):
            return c_string(message_id, LONGEST_ID) + c_string(final_at, 17) + bytes((state, error))
        case Cancel(message_id, source, destination, service_type):
            return (
                c_string(service_type, 6)
                + c_string(message_id, LONGEST_ID)
                + address_octets(source, 21)
                + address_octets(destination, 21)
            )
        case Replace():
            return (
                c_string(body.message_id, LONGEST_ID)
                + address_octets(body.source, 21)
                + c_string(body.schedule, 17)
                + c_string(body.validity, 17)
                + bytes((body.registered_delivery, body.default_message_id, len(body.short_message)))
                + body.short_message
            )


def _id(reader: Reader) -> str:
    return reader.string(LONGEST_ID, Status.INVALID_MESSAGE_ID)
