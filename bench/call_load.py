"""sipp as the load: a carrier that rings and hangs up at once, and a party that answers."""

import csv
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"
CLEAN_RETRANSMISSIONS = 0.003
_SDP = """v=0
o=- 53655765 2353687637 IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio 6000 RTP/AVP 0 101
a=rtpmap:0 PCMU/8000
a=rtpmap:101 telephone-event/8000"""

# sipp's own scenarios (`sipp -sd uac` and `uas`), which the reference measures with: the party rings, then answers.
# Edited are the caller's number, the media, which offer telephone-event too, the party's four seconds of lingering, and
# `transport=` in a Contact, for sippy fails on sipp's upper-case word.
CALLER = f"""<?xml version="1.0" encoding="us-ascii"?>
<scenario name="caller">
<send retrans="500" start_rtd="1"><![CDATA[
INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: sipp <sip:+12125550111@[local_ip]:[local_port]>;tag=[pid]c[call_number]
To: [service] <sip:[service]@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:caller@[local_ip]:[local_port]>
Max-Forwards: 70
Subject: Performance Test
Content-Type: application/sdp
Content-Length: [len]

{_SDP}
]]></send>
<recv response="100" optional="true"/>
<recv response="180" optional="true"/>
<recv response="183" optional="true"/>
<recv response="200" rtd="1"/>
<send><![CDATA[
ACK sip:[service]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: sipp <sip:+12125550111@[local_ip]:[local_port]>;tag=[pid]c[call_number]
To: [service] <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: 1 ACK
Contact: <sip:caller@[local_ip]:[local_port]>
Max-Forwards: 70
Subject: Performance Test
Content-Length: 0

]]></send>
<pause milliseconds="PAUSE_MS"/>
<send retrans="500"><![CDATA[
BYE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: sipp <sip:+12125550111@[local_ip]:[local_port]>;tag=[pid]c[call_number]
To: [service] <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: 2 BYE
Contact: <sip:caller@[local_ip]:[local_port]>
Max-Forwards: 70
Subject: Performance Test
Content-Length: 0

]]></send>
<recv response="200"/>
</scenario>
"""

_OF_THE_CALL = """[last_Via:]
[last_Record-Route:]
[last_From:]
[last_To:];tag=[pid]p[call_number]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:party@[local_ip]:[local_port]>"""
PARTY = f"""<?xml version="1.0" encoding="us-ascii"?>
<scenario name="party">
<recv request="INVITE"/>
<send><![CDATA[
SIP/2.0 180 Ringing
{_OF_THE_CALL}
Content-Length: 0

]]></send>
<send retrans="500"><![CDATA[
SIP/2.0 200 OK
{_OF_THE_CALL}
Content-Type: application/sdp
Content-Length: [len]

{_SDP}
]]></send>
<recv request="ACK"/>
<recv request="BYE"/>
<send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:party@[local_ip]:[local_port]>
Content-Length: 0

]]></send>
</scenario>
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What sipp counted."""

    rate: int
    calls: int
    failed: int
    retransmissions: int
    answer_ms: tuple[float, ...] = ()
    """From INVITE to 200 of each call, where they were asked for."""

    @property
    def is_clean(self) -> bool:
        return not self.failed and self.retransmissions <= self.calls * CLEAN_RETRANSMISSIONS

    def __str__(self) -> str:
        share = self.retransmissions / self.calls
        return f"{self.rate} calls/s: {self.calls} calls, {self.failed} failed, {share:.2%} sent again"


def ring(server: str, number: str, rate: int, seconds: float, *, pause_ms: int = 0, is_timed: bool = False) -> Load:
    """Ring `number` at `server` (HOST:PORT), `rate` times a second; callers hang up `pause_ms` after the answer.

    `is_timed` keeps how long each answer took."""
    wanted = int(rate * seconds)
    with tempfile.TemporaryDirectory(prefix="dialplane-bench-") as name:
        scenario, counts = Path(name) / "caller.xml", Path(name) / "counts.csv"
        scenario.write_text(CALLER.replace("PAUSE_MS", str(pause_ms)))
        command = [
            *("sipp", server, "-sf", str(scenario), "-s", number, "-i", HOST, "-nostdin"),
            *("-r", str(rate), "-m", str(wanted), "-l", "100000", "-recv_timeout", "20000"),
            *("-trace_stat", "-stf", str(counts), "-fd", "1", "-timeout", f"{int(seconds) + 45}s"),
            *(("-trace_rtt", "-rtt_freq", "1") if is_timed else ()),
        ]
        # The exit status only says whether a call failed; the counts say it better.
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run(command, cwd=name, **quiet)  # where sipp leaves its times
        with counts.open() as file:
            last = list(csv.DictReader(file, delimiter=";"))[-1]
        answer_ms = tuple(time for timed in Path(name).glob("*_rtt.csv") for time in _times(timed))
    return Load(rate, wanted, wanted - int(last["SuccessfulCall(C)"]), int(last["Retransmissions(C)"]), answer_ms)


def _times(timed: Path) -> list[float]:
    with timed.open() as file:
        return [float(line["response_time_ms"]) for line in csv.DictReader(file, delimiter=";")]
