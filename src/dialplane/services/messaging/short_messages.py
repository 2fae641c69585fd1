"""Between texts and short messages as SMPP carries them: alphabets, headers, parts and payloads, in both directions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dialplane.domain.messaging import gsm
from dialplane.domain.messaging.alphabets import GSM, Alphabet, Stretch, alphabet_of, read_stretches, write_text
from dialplane.domain.messaging.concatenation import Header, HeaderFault, Part, read_header
from dialplane.domain.messaging.segments import Segment, Segmentation, split_text
from dialplane.domain.messaging.smpp_accounts import LongMessages
from dialplane.domain.messaging.smpp_addresses import from_smpp, to_smpp
from dialplane.services.calling.arrivals import SANDBOX_COUNTRY
from dialplane.smpp.addresses import Address
from dialplane.smpp.commands import Status
from dialplane.smpp.fields import PduFault, Tag
from dialplane.smpp.pdu import MOST_SHORT_MESSAGE, UDH_INDICATOR, ShortMessage


@dataclass(frozen=True, slots=True)
class Content:
    """What a short message says, and which part of which message it is."""

    source: str
    destination: str
    text: str
    part: Part | None = None
    segments: int = 0
    """Of the whole message; 0: as many as its text takes."""
    stretch: Stretch | None = None
    """Of a part: its octets, which `text` may not say whole."""


@dataclass(frozen=True, slots=True)
class Piece:
    """User data of one short message, whatever addresses it gets."""

    data_coding: int
    octets: bytes
    esm_class: int = 0
    tlvs: Mapping[int, bytes] = field(default_factory=dict)


def read_message(message: ShortMessage, *, default: Alphabet = "gsm7") -> Content:
    """`default` is the alphabet of data coding 0. Raises PduFault with what the sender is answered."""
    octets, header = message.octets, Header()
    if message.has_header:
        try:
            header, length = read_header(octets)
        except HeaderFault as fault:
            raise PduFault(Status.INVALID_ESM_CLASS, str(fault)) from fault
        octets = octets[length:]
    stretch = Stretch(octets, alphabet_of(message.data_coding, default), header.tables)
    try:
        text = read_stretches([stretch])
    except ValueError as fault:
        raise PduFault(Status.SUBMIT_FAILED, str(fault)) from fault
    part = header.part or _sar(message.tlvs)
    segments = part.total if part else int(not header.tables.is_plain)
    parties = party_of(message.source), party_of(message.destination)
    return Content(*parties, text, part, segments, stretch if part else None)


def write_pieces(
    text: str,
    reference: int,
    *,
    long_messages: LongMessages = LongMessages.UDH,
    default: Alphabet = "gsm7",
    wide: bool = False,
    national: bool = False,
) -> Sequence[Piece]:
    """The text as short messages; their number is that of its segments, unless it goes whole. `wide`: in UCS-2 in any
    case. `national`: national tables may be used."""
    plan, segments = split_text(text, reference, wide=wide, national=national and default == "gsm7")
    if len(segments) > 1 and long_messages is LongMessages.PAYLOAD:
        segments = [Segment(text)]
    return [_piece(plan, segment, default, long_messages) for segment in segments]


def _piece(plan: Segmentation, segment: Segment, default: Alphabet, long_messages: LongMessages) -> Piece:
    if plan.tables.is_plain:
        coding, octets = write_text(segment.text, is_wide=plan.encoding == "ucs2", default=default)
    else:
        coding, octets = GSM, gsm.encode(segment.text, plan.tables)
    part, by_tlvs = segment.part, long_messages is LongMessages.SAR
    header = bytes(Header(None if by_tlvs else part, plan.tables))
    return _fitted(coding, header + octets, UDH_INDICATOR if header else 0, _sar_tlvs(part) if part and by_tlvs else {})


def address_of(target: str) -> Address:
    return Address(*to_smpp(target))


def _fitted(coding: int, octets: bytes, esm_class: int, tlvs: Mapping[int, bytes]) -> Piece:
    if len(octets) <= MOST_SHORT_MESSAGE:
        return Piece(coding, octets, esm_class, tlvs)
    return Piece(coding, b"", esm_class, {**tlvs, Tag.MESSAGE_PAYLOAD: octets})


def party_of(address: Address) -> str:
    """As the platform names the party."""
    return from_smpp(address.digits, address.ton, country=SANDBOX_COUNTRY)


def _sar(tlvs: Mapping[int, bytes]) -> Part | None:
    """Only with all three, and where they make sense (5.3.2.22)."""
    reference, total, number = (
        tlvs.get(tag) for tag in (Tag.SAR_MSG_REF_NUM, Tag.SAR_TOTAL_SEGMENTS, Tag.SAR_SEGMENT_SEQNUM)
    )
    if not reference or not total or not number or len(total) != 1 or len(number) != 1 or len(reference) != 2:
        return None
    part = Part(int.from_bytes(reference, "big"), total[0], number[0], is_wide=True)
    return part if 1 <= part.number <= part.total else None


def _sar_tlvs(part: Part) -> dict[int, bytes]:
    return {
        Tag.SAR_MSG_REF_NUM: part.reference.to_bytes(2, "big"),
        Tag.SAR_TOTAL_SEGMENTS: bytes((part.total,)),
        Tag.SAR_SEGMENT_SEQNUM: bytes((part.number,)),
    }
