"""The simulator: the runtime of a dry run, beside those of calls and messages.

It plays a flow through with a clock, digits and web answers of one's choice. It is pure, so the same input gives the
same answer, and a kept input is a regression test. Lengths that only a real call knows are constants below.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from dialplane.domain.addresses import Address, normalize_tel
from dialplane.domain.errors import Invalid
from dialplane.domain.flows.action import Action
from dialplane.domain.flows.catalogue import CATALOGUE
from dialplane.domain.flows.facts import address_facts, conversation_facts, run_facts
from dialplane.domain.flows.machine import FlowProgram
from dialplane.domain.ids import NIL
from dialplane.domain.programs import commands
from dialplane.domain.programs.commands import Command, Finish, Hangup, Medium, Result
from dialplane.domain.rating import CostType
from dialplane.domain.segments import count_segments
from dialplane.domain.tariffs import Tariff

MS_PER_CHARACTER = 65
"""Of speech, at some 150 words a minute."""
MS_PER_FILE = 5_000
MS_PER_BEEP = 500
MS_PER_DIGIT = 500
RING_MS = 5_000
TALK_MS = 60_000
"""A connected party answers after five seconds and talks for a minute."""

LONGEST_CALL_MS = 3_600_000
VIRTUAL_PREFIX = "+899"


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    status: int = 200
    body: str = ""


@dataclass(frozen=True, slots=True)
class DryRunInput:
    """What is played: a call, or where `text` is given a message, from `source` to `destination` at `at`."""

    at: datetime
    source: str = ""
    destination: str = ""
    digits: tuple[str, ...] = ()
    """One item for each time that digits are asked for."""
    text: str | None = None
    http: Mapping[str, HttpAnswer] = field(default_factory=dict)
    """What the tenant's servers answer, by address."""


@dataclass(frozen=True, slots=True)
class DryRunStep:
    action: Mapping[str, object]
    """As it was run, after substitution."""
    at: str
    duration_ms: int
    result: str
    """What was done or decided, in words."""


@dataclass(frozen=True, slots=True)
class DryRun:
    steps: tuple[DryRunStep, ...]
    ended: str
    """`hangup` (by an action), `finished` (no action was left) or `error`."""
    duration_ms: int
    price_micros: int
    problems: tuple[str, ...]


def dry_run(
    actions: Sequence[Action], wanted: DryRunInput, flows: Mapping[UUID, Sequence[Action]] | None = None
) -> DryRun:
    """Play `actions` through; `flows` are those that `fetch_flow` may name."""
    return Simulator(actions, wanted, flows or {}, Tariff()).play()


class Simulator:
    """One dry run on its way; `missing` are flows that it asked for and was not given, `numbers` those whose price it
    asked for."""

    def __init__(
        self,
        actions: Sequence[Action],
        wanted: DryRunInput,
        flows: Mapping[UUID, Sequence[Action]],
        prices: Tariff,
    ) -> None:
        self.missing: set[UUID] = set()
        self.numbers: set[str] = set()
        self._actions = actions
        self._wanted = wanted
        self._flows = flows
        self._prices = prices
        self._medium = Medium.CALL if wanted.text is None else Medium.MESSAGE
        self._now = wanted.at
        self._answered_at: datetime | None = None
        self._recording_since: datetime | None = None
        self._digits = list(wanted.digits)
        self._price = 0
        self._problems = _skipped(actions, self._medium)
        self._waits: dict[int, tuple[int, str]] = {}
        """By the step's index: how long its command took, and what came of it."""

    def play(self) -> DryRun:
        program = FlowProgram(self._actions, medium=self._medium, variables=_facts(self._wanted, self._medium))
        command = program.start(self._now)
        while not isinstance(command, Hangup | Finish):
            index = len(program.record().executed_actions) - 1
            began = self._now
            result, told = self._carry_out(command)
            self._waits[index] = (_ms(self._now - began), told)
            command = program.resume(result, self._now)
        self._end(command)
        return self._report(program, command)

    def _end(self, command: Hangup | Finish) -> None:
        self._stop_recording()
        if self._answered_at is not None:
            virtual = self._wanted.destination.startswith(VIRTUAL_PREFIX)
            kind = CostType.CALL_VN if virtual else CostType.CALL_PSTN_INCOMING
            self._charge_time(kind, self._wanted.destination, (self._now - self._answered_at).total_seconds())
        if _ms(self._now - self._wanted.at) > LONGEST_CALL_MS and self._medium is Medium.CALL:
            self._problems.append("the call would be cut after one hour")
        if self._digits:
            self._problems.append(f"digits {self._digits} were never asked for")

    def _report(self, program: FlowProgram, command: Hangup | Finish) -> DryRun:
        executed = program.record().executed_actions
        steps = [
            self._step(index, action, why)
            for index, (action, why) in enumerate(zip(executed, program.explanations, strict=True))
        ]
        error = command.error if isinstance(command, Finish) else ""
        ended = "hangup" if isinstance(command, Hangup) else "error" if error else "finished"
        problems = (*self._problems, *program.problems, *([error] if error else []))
        return DryRun(tuple(steps), ended, _ms(self._now - self._wanted.at), self._price, problems)

    def _step(self, index: int, action: Mapping[str, object], why: str) -> DryRunStep:
        duration_ms, told = self._waits.get(index, (0, ""))
        shown = {name: value for name, value in action.items() if name != "tm_execute"}
        return DryRunStep(shown, str(action["tm_execute"]), duration_ms, why or told or "done")

    def _pass(self, duration_ms: int) -> None:
        self._now += timedelta(milliseconds=duration_ms)

    def _charge(self, kind: CostType, number: str, units: int) -> None:
        self.numbers.add(number)
        self._price += self._prices.rate(kind, number).split(units, 0).micros

    def _charge_time(self, kind: CostType, number: str, seconds: float) -> None:
        self._charge(kind, number, self._prices.rate(kind, number).units_in(seconds))

    def _answer(self) -> None:
        if self._answered_at is None:
            self._answered_at = self._now

    def _carry_out(self, command: Command) -> tuple[Result, str]:
        done = commands.Done()
        match command:
            case commands.Answer():
                self._answer()
                return done, "answered"
            case commands.Say(text=text, wait=wait):
                self._answer()
                self._pass(len(text) * MS_PER_CHARACTER if wait else 0)
                return done, f"says {text!r}"
            case commands.Play(urls=urls, wait=wait):
                self._pass(len(urls) * MS_PER_FILE if wait else 0)
                return done, f"plays {len(urls)} files"
            case commands.Beep():
                self._pass(MS_PER_BEEP)
                return done, "beeps"
            case commands.Gather():
                return self._gather(command), "gathers digits"
            case commands.SendDigits(digits, duration_ms, interval_ms):
                self._pass(len(digits) * (duration_ms + interval_ms))
                return done, f"sends {digits}"
            case commands.Sleep(duration_ms) | commands.Echo(duration_ms):
                self._pass(duration_ms)
                return done, f"{duration_ms} ms"
            case commands.StartRecording():
                self._recording_since = self._recording_since or self._now
                return commands.RecordingStarted(_fixed_id("recording")), "records"
            case commands.StopRecording():
                self._stop_recording()
                return done, "stops recording"
            case _:
                return self._reach_out(command)

    def _reach_out(self, command: Command) -> tuple[Result, str]:
        """Commands that reach other parties."""
        match command:
            case commands.Dial(parties=parties):
                self._answer()
                self._pass(RING_MS + TALK_MS)
                for party in _pstn([each.address for each in parties[:1]]):
                    self._charge_time(CostType.CALL_PSTN_OUTGOING, party.target, TALK_MS / 1000)
                return commands.Dialled("answered", _fixed_id("leg"), TALK_MS // 1000, 200), ""
            case commands.StartCalls(destinations=destinations):
                ids = tuple(_fixed_id(f"call {index}") for index in range(len(destinations)))
                return commands.CallsStarted(ids), f"starts {len(ids)} calls"
            case commands.SendMessage(destinations=destinations, text=text):
                for party in destinations:
                    self._charge(CostType.SMS, party.target, count_segments(text).count)
                return commands.Done(), f"sends {text!r} to {', '.join(party.target for party in destinations)}"
            case commands.FetchDocument(url=url):
                return self._http(url)
            case commands.SendWebhook(url=url, wait=wait):
                return self._http(url) if wait else (commands.Done(), f"sent to {url}")
            case commands.LoadFlow(flow_id):
                return self._load(flow_id)
            case _:
                return commands.Failed("not part of a dry run"), ""

    def _gather(self, command: commands.Gather) -> Result:
        pressed = self._digits.pop(0) if self._digits else ""
        for length, digit in enumerate(pressed, start=1):
            if digit in command.end_keys or length == command.max_digits:
                self._pass(length * MS_PER_DIGIT)
                self._keep_rest(pressed[length:])
                return commands.Digits(pressed[:length], "key" if digit in command.end_keys else "length")
        self._pass(command.timeout_ms)
        return commands.Digits(pressed, "timeout")

    def _keep_rest(self, rest: str) -> None:
        """Digits that were not needed yet count for the next time."""
        if rest:
            self._digits.insert(0, rest)

    def _http(self, url: str) -> tuple[Result, str]:
        answer = self._wanted.http.get(url)
        if answer is None:
            self._problems.append(f"no answer was given for {url}: put it into http")
            return commands.Failed("no answer was given for this address"), ""
        return commands.Fetched(answer.status, answer.body), f"{url} answers {answer.status}"

    def _load(self, flow_id: UUID) -> tuple[Result, str]:
        actions = self._flows.get(flow_id)
        if actions is None:
            self.missing.add(flow_id)
            return commands.Failed("There is no such flow"), ""
        return commands.FlowLoaded(tuple(action.document() for action in actions)), ""

    def _stop_recording(self) -> None:
        if self._recording_since is not None:
            seconds = (self._now - self._recording_since).total_seconds()
            self._charge_time(CostType.RECORDING, "", seconds)
            self._recording_since = None


def _ms(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)


def _fixed_id(name: str) -> UUID:
    """Ids that are the same in every dry run, so that answers can be compared."""
    return uuid5(NAMESPACE_URL, f"dialplane:dry-run:{name}")


def _pstn(destinations: Sequence[Address]) -> list[Address]:
    return [party for party in destinations if party.type == "tel" and not party.target.startswith(VIRTUAL_PREFIX)]


def _skipped(actions: Sequence[Action], medium: Medium) -> list[str]:
    return [
        f"action {action.id} ({action.type}) is skipped: it does not suit a {medium.value}"
        for action in actions
        if not CATALOGUE[action.type].suits.allows(medium)
    ]


def _party(text: str) -> Address:
    """A number in its normal form where it is one; anything else as it is."""
    try:
        return Address("tel", normalize_tel(text))
    except Invalid:
        return Address("sip" if "@" in text else "tel", text)


def _facts(wanted: DryRunInput, medium: Medium) -> dict[str, str]:
    source, destination = _party(wanted.source), _party(wanted.destination)
    reference = "call" if medium is Medium.CALL else "conversation"
    facts = run_facts(_fixed_id("run"), reference_type=reference, reference_id=_fixed_id(reference))
    if medium is Medium.MESSAGE:
        return facts | conversation_facts(
            _fixed_id("conversation"), _fixed_id("message"), own=destination, peer=source, text=wanted.text or ""
        )
    return {
        **facts,
        "voipbin.call.id": str(_fixed_id("call")),
        "voipbin.call.direction": "incoming",
        "voipbin.call.master_call_id": str(NIL),
        **address_facts("voipbin.call.source", source),
        **address_facts("voipbin.call.destination", destination),
    }
