"""PDUs and their framing: what is written is read back, and any octets give a PDU or our fault (SMS-1, FUZZ-1)."""

import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialplane.smpp.addresses import Address
from dialplane.smpp.commands import Command, Status
from dialplane.smpp.fields import PduFault, Tag
from dialplane.smpp.framing import Framer, FramingFault
from dialplane.smpp.orders import Cancel, Query, QueryResult, Replace
from dialplane.smpp.pdu import Bind, MultiMessage, MultiResult, Named, Pdu, ShortMessage, read_pdu
from dialplane.smpp.receipts import Receipt, State, Told, read_receipt, spellings
from dialplane.smpp.times import read_time
from tests.effort import full

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
EXAMPLES = settings(max_examples=full(150, 2000), deadline=None)

_TEXT = st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=5)
_OCTET = st.integers(0, 255)
_ADDRESS = st.builds(Address, st.text("0123456789", max_size=20), _OCTET, _OCTET)
_TLVS = st.dictionaries(st.integers(0, 0xFFFF).filter(lambda tag: tag != Tag.MESSAGE_PAYLOAD), st.binary(max_size=20))
_MESSAGE = st.builds(
    ShortMessage, _ADDRESS, _ADDRESS, st.binary(max_size=254), _OCTET, _OCTET, _OCTET, _TEXT, tlvs=_TLVS
)
_SHORT = st.text("0123456789abcdef", max_size=16)
_MULTI = st.builds(
    MultiMessage,
    st.builds(ShortMessage, _ADDRESS, st.just(Address("")), st.binary(max_size=254), tlvs=_TLVS),
    st.lists(_ADDRESS, max_size=5).map(tuple),
    st.lists(_SHORT, max_size=3).map(tuple),
)
_RESULT = st.builds(
    MultiResult, _SHORT, st.lists(st.tuples(_ADDRESS, st.integers(0, 2**32 - 1)), max_size=5).map(tuple)
)
_PDU = st.one_of(
    st.builds(Pdu, st.just(Command.SUBMIT_MULTI), st.just(1), body=_MULTI),
    st.builds(Pdu, st.just(Command.SUBMIT_MULTI_RESP), st.just(1), body=_RESULT),
    st.builds(Pdu, st.just(Command.QUERY_SM), st.just(1), body=st.builds(Query, _SHORT, _ADDRESS)),
    st.builds(
        Pdu, st.just(Command.QUERY_SM_RESP), st.just(1), body=st.builds(QueryResult, _SHORT, _SHORT, _OCTET, _OCTET)
    ),
    st.builds(Pdu, st.just(Command.CANCEL_SM), st.just(1), body=st.builds(Cancel, _SHORT, _ADDRESS, _ADDRESS, _TEXT)),
    st.builds(
        Pdu,
        st.just(Command.REPLACE_SM),
        st.just(1),
        body=st.builds(Replace, _SHORT, _ADDRESS, st.binary(max_size=254), _SHORT, _SHORT, _OCTET, _OCTET),
    ),
    st.builds(Pdu, st.sampled_from([Command.SUBMIT_SM, Command.DELIVER_SM]), st.integers(0, 2**31), body=_MESSAGE),
    st.builds(Pdu, st.just(Command.SUBMIT_SM_RESP), st.integers(0, 2**31), _OCTET, st.builds(Named, _TEXT, _TLVS)),
    st.builds(Pdu, st.just(Command.BIND_TRANSMITTER), st.just(1), body=st.builds(Bind, _TEXT, _TEXT, _TEXT)),
    st.builds(Pdu, st.sampled_from([Command.ENQUIRE_LINK, Command.UNBIND_RESP]), st.integers(0, 2**32 - 1)),
)


@EXAMPLES
@given(_PDU)
def test_pdu_is_read_back_as_it_was_written(pdu: Pdu) -> None:
    assert read_pdu(bytes(pdu)) == pdu


@EXAMPLES
@given(_PDU, st.data())
def test_octets_that_were_changed_give_a_pdu_or_our_fault(pdu: Pdu, data: st.DataObject) -> None:
    """FUZZ-1."""
    octets = bytearray(bytes(pdu))
    for _ in range(data.draw(st.integers(1, 5))):
        octets[data.draw(st.integers(4, len(octets) - 1))] = data.draw(_OCTET)
    with contextlib.suppress(PduFault):
        read = read_pdu(bytes(octets[: data.draw(st.integers(16, len(octets)))]))
        if isinstance(read.body, ShortMessage):
            read_receipt(read.body)


@EXAMPLES
@given(st.lists(_PDU, max_size=4), st.integers(1, 50))
def test_stream_is_cut_into_its_pdus_however_it_comes(pdus: list[Pdu], step: int) -> None:
    stream, framer, found = b"".join(map(bytes, pdus)), Framer(), []
    for start in range(0, len(stream), step):
        framer.feed(stream[start : start + step])
        while (taken := framer.take()) is not None:
            found.append(taken)

    assert found == list(map(bytes, pdus))


@pytest.mark.parametrize("length", [0, 15, 65_537, 2**31, 2**32 - 1])
def test_length_that_no_pdu_has_ends_the_stream(length: int) -> None:
    """SMS-1."""
    framer = Framer()
    framer.feed(length.to_bytes(4, "big"))
    with pytest.raises(FramingFault):
        framer.take()


def test_cut_fields_have_the_status_of_their_field() -> None:
    """SMS-1."""
    whole = bytes(Pdu(Command.SUBMIT_SM, 1, 0, ShortMessage(Address("1"), Address("2"), b"hi", tlvs={5: b"abc"})))
    found = []
    for end in range(16, len(whole)):
        try:
            read_pdu(whole[:end])
            found.append(Status.OK)
        except PduFault as fault:
            found.append(fault.status)

    assert list(dict.fromkeys(found)) == [
        Status.INVALID_SERVICE_TYPE,
        Status.INVALID_SOURCE,
        Status.INVALID_DESTINATION,
        Status.INVALID_COMMAND_LENGTH,
        Status.INVALID_SCHEDULE,
        Status.INVALID_EXPIRY,
        Status.INVALID_MESSAGE_LENGTH,
        Status.OK,  # without its parameters it is whole
        Status.INVALID_OPTIONAL_PART,
        Status.INVALID_PARAMETER_LENGTH,
    ]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"\0" * 4 + b"\1\3", Status.INVALID_DESTINATION_FLAG),
        (b"\0" * 4 + b"\1\1\1", Status.INVALID_DESTINATION),
        (b"\0" * 4, Status.INVALID_DESTINATION_COUNT),
    ],
)
def test_destinations_of_no_kind_have_a_status_of_their_own(body: bytes, status: Status) -> None:
    """SMS-1; SMPP 3.4 section 5.2.25."""
    octets = (16 + len(body)).to_bytes(4, "big") + bytes.fromhex("000000210000000000000001") + body
    with pytest.raises(PduFault) as found:
        read_pdu(octets)

    assert found.value.status is status


def test_receipt_is_read_from_its_text_and_its_parameters_count_more() -> None:
    text = (
        b"id:00AB12 sub:001 dlvrd:000 submit date:2603011200 done date:2603011201 stat:UNDELIV err:008 text:id:7 stat:X"
    )
    message = ShortMessage(Address("1"), Address("2"), text, esm_class=4)
    tlvs: dict[int, bytes] = {Tag.RECEIPTED_MESSAGE_ID: b"77\0", Tag.MESSAGE_STATE: b"\2"}

    assert read_receipt(message) == Receipt("00AB12", State.UNDELIVERABLE, "008")
    assert read_receipt(ShortMessage(Address("1"), Address("2"), text, tlvs=tlvs)) == Receipt(
        "77", State.DELIVERED, "008"
    )
    assert read_receipt(ShortMessage(Address("1"), Address("2"), b"hello")) is None


def test_receipt_that_we_write_is_read_as_it_was_meant() -> None:
    told = Told("0199", State.EXPIRED, 3, NOW, NOW, "a text that is longer than twenty")
    message = ShortMessage(Address("1"), Address("2"), bytes(told), tlvs=told.tlvs)

    assert read_receipt(message) == Receipt("0199", State.EXPIRED, "003")
    assert bytes(told).endswith(b"text:a text that is longe")


def test_message_id_is_known_in_hexadecimal_and_decimal() -> None:
    assert spellings("0000AB00")[0] == "ab00"
    assert "ab00" in spellings("43776")
    assert "43776" in spellings("0000AB00")
    assert spellings("")[0] == "0"


def test_times_are_absolute_in_their_zone_or_relative() -> None:
    assert read_time("", NOW) is None
    assert read_time("260301130000004+", NOW) == NOW
    assert read_time("000001020304000R", NOW) == NOW + timedelta(days=1, hours=2, minutes=3, seconds=4)
    for text in ("260231130000000+", "26030113000000", "260301130000000x", "٢٦٠٣٠١١٣٠٠٠٠٠٠٤+"):
        with pytest.raises(ValueError, match=r"."):
            read_time(text, NOW)
