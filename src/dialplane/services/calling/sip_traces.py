"""The signalling of one call for people: a ladder of its messages, what they say of the call, and a capture file."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from dialplane.domain.calling.signalling import SipPacket
from dialplane.domain.calling.timelines import Happening
from dialplane.sip.errors import SipParseError
from dialplane.sip.message import Message, Request, Response
from dialplane.sip.parser import parse_message
from dialplane.sip.pcap import Captured, Endpoint, write_pcap


@dataclass(frozen=True, slots=True)
class Rung:
    """One message of the ladder; `message` is None where it cannot be read."""

    packet: SipPacket
    message: Message | None
    is_repeated: bool

    @property
    def method(self) -> str:
        """Of the request, or of the one that is answered."""
        match self.message:
            case Request(method=method):
                return method
            case Response() as response:
                return response.cseq.method
            case _:
                return ""

    @property
    def status(self) -> int:
        return self.message.status if isinstance(self.message, Response) else 0

    @property
    def text(self) -> str:
        line, _, _ = self.packet.data.partition(b"\r\n")
        return line.decode("utf-8", "replace")[:200]


def read_ladder(packets: Sequence[SipPacket]) -> list[Rung]:
    seen: set[bytes] = set()
    rungs = []
    for packet in packets:
        rungs.append(Rung(packet, _read(packet.data), packet.data in seen))
        seen.add(packet.data)
    return rungs


def _read(data: bytes) -> Message | None:
    try:
        message = parse_message(data)
        _ = message.cseq  # a field that the parser leaves to whoever needs it
    except SipParseError:
        return None
    return message


def ladder_happenings(rungs: Sequence[Rung]) -> Iterator[Happening]:
    for rung in rungs:
        packet = rung.packet
        data: dict[str, object] = {
            "direction": "out" if packet.is_sent else "in",
            "transport": packet.transport,
            "peer": f"{packet.host}:{packet.port}",
            "method": rung.method,
            "status": rung.status or None,
            "is_repeated": rung.is_repeated,
            "message": packet.data.decode("utf-8", "replace"),
        }
        yield Happening(_time(packet), "sip", rung.text, data)


def analyse(rungs: Sequence[Rung]) -> dict[str, object]:
    """What the messages say of the call: times, end, codecs, and what was odd."""
    first = _first(rungs, "INVITE", 0)
    begin = first.packet.at if first else 0.0
    ringing = next((each for each in rungs if each.method == "INVITE" and 180 <= each.status < 200), None)
    answer = next((each for each in rungs if each.method == "INVITE" and 200 <= each.status < 300), None)
    final = next((each for each in rungs if each.method == "INVITE" and each.status >= 200), None)
    bye = _first(rungs, "BYE", 0)
    methods = Counter(each.method for each in rungs if not each.is_repeated and not each.status)
    return {
        "messages": len(rungs),
        "repeated": sum(each.is_repeated for each in rungs),
        "requests": dict(methods),
        "begun": rungs[0].packet.at and _rfc(rungs[0].packet) if rungs else None,
        "ringing_after_ms": _after(begin, ringing),
        "answered_after_ms": _after(begin, answer),
        "ended_after_ms": _after(begin, bye or final),
        "final_status": final.status if final else None,
        "final_reason": final.text.partition(" ")[2] if final else "",
        "hung_up_by": _who(bye),
        "user_agents": sorted({name for each in rungs if (name := _agent(each))}),
        "codecs": {"offered": _codecs(first), "answered": _codecs(answer)},
        "problems": list(_problems(rungs, answer=answer, final=final, bye=bye)),
    }


def capture(packets: Sequence[SipPacket], local: Endpoint) -> bytes:
    """The messages as a pcap file; `local` is our own address."""
    messages = []
    for packet in packets:
        peer = Endpoint(packet.host, packet.port)
        source, destination = (local, peer) if packet.is_sent else (peer, local)
        messages.append(Captured(packet.at, packet.transport, source, destination, packet.data))
    return write_pcap(messages)


def _problems(rungs: Sequence[Rung], *, answer: Rung | None, final: Rung | None, bye: Rung | None) -> Iterator[str]:
    for (text, is_sent), times in Counter(
        (each.text, each.packet.is_sent) for each in rungs if each.is_repeated
    ).items():
        yield f"{'we' if is_sent else 'the peer'} sent {text!r} again, {times} times"
    if rungs and final is None:
        yield "the INVITE never had a final answer"
    if answer is not None and not any(each.method == "ACK" for each in rungs):
        yield "the answer was never acknowledged"
    if bye is not None and not any(each.method == "BYE" and each.status for each in rungs):
        yield "the BYE was never answered"
    if answer is not None and not (_codecs(answer) or _codecs(_first(rungs, "ACK", 0))):
        yield "the answer held no audio"
    unread = sum(each.message is None for each in rungs)
    if unread:
        yield f"{unread} messages cannot be read"


def _first(rungs: Sequence[Rung], method: str, status: int) -> Rung | None:
    return next((each for each in rungs if each.method == method and each.status == status), None)


def _after(begin: float, rung: Rung | None) -> int | None:
    return None if rung is None else round((rung.packet.at - begin) * 1000)


def _who(bye: Rung | None) -> str | None:
    if bye is None:
        return None
    return "us" if bye.packet.is_sent else "peer"


def _agent(rung: Rung) -> str:
    if rung.message is None:
        return ""
    return rung.message.headers.get("User-Agent") or rung.message.headers.get("Server") or ""


def _codecs(rung: Rung | None) -> list[str]:
    """Names of the `a=rtpmap` lines, in their order."""
    body = rung.message.body.decode("utf-8", "replace") if rung and rung.message else ""
    lines = [line for line in body.splitlines() if line.startswith("a=rtpmap:")]
    return [line.partition(" ")[2] for line in lines]


def _time(packet: SipPacket) -> datetime:
    return datetime.fromtimestamp(packet.at, UTC)


def _rfc(packet: SipPacket) -> str:
    return _time(packet).isoformat(timespec="microseconds").replace("+00:00", "Z")
