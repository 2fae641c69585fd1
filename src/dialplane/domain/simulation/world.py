"""The world of a dry run: it carries out commands by the script, and keeps clock, price and what was said.

Lengths that only a real call knows are constants below.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import NAMESPACE_URL, UUID, uuid5

from dialplane.domain.addresses import Address
from dialplane.domain.charging.rating import CostType
from dialplane.domain.charging.tariffs import Tariff
from dialplane.domain.flows.action import Action
from dialplane.domain.messaging.segments import count_segments
from dialplane.domain.programs import commands
from dialplane.domain.programs.assistants import Answer, Turn, answer_by_rules, summarize_by_rules
from dialplane.domain.programs.commands import Command, Medium, Result
from dialplane.domain.simulation.script import CallerTurn, DialOutcome, HttpAnswer, Script

MS_PER_CHARACTER = 65
"""Of speech, at some 150 words a minute."""
MS_PER_FILE = 5_000
MS_PER_BEEP = 500
MS_PER_DIGIT = 500
TALK_MS = 60_000
"""So long a room, a queue's talk, a stream or a recording lasts."""
QUEUE_MS = 30_000
VIRTUAL_PREFIX = "+899"

Told = tuple[Result, str]
"""What comes of a command, and that in words."""


class World:
    """One dry run's surroundings; `missing` are flows that were asked for and not given, `numbers` those whose price
    was asked for."""

    def __init__(self, script: Script, flows: Mapping[UUID, Sequence[Action]], prices: Tariff) -> None:
        self.now = script.at
        self.price_micros = 0
        self.said: list[str] = []
        self.problems: list[str] = []
        self.missing: set[UUID] = set()
        self.numbers: set[str] = set()
        self.medium = Medium.CALL if script.text is None else Medium.MESSAGE
        self._script = script
        self._flows = flows
        self._prices = prices
        self._answered_at = script.at if script.is_answered else None
        self._recording_since: datetime | None = None
        self._answers = [turn for turn in script.caller if turn.at_ms is None]
        self._timed = sorted((turn for turn in script.caller if turn.at_ms is not None), key=_when)
        self._http = {url: list(answers) for url, answers in script.http.items()}
        self._dial = list(script.dial)
        self._turns: list[Turn] = []

    # --- time and money ----------------------------------------------------------------------------------------------

    @property
    def elapsed_ms(self) -> int:
        return (self.now - self._script.at) // timedelta(milliseconds=1)

    @property
    def has_hung_up(self) -> bool:
        """Whether the caller is gone by now."""
        at = self._script.hangs_up_at_ms
        return at is not None and self.medium is Medium.CALL and self.elapsed_ms >= at

    def spend(self, duration_ms: int) -> None:
        """Let time pass, but not beyond the caller's patience."""
        at = self._script.hangs_up_at_ms
        if at is not None and self.medium is Medium.CALL:
            duration_ms = max(min(duration_ms, at - self.elapsed_ms), 0)
        self.now += timedelta(milliseconds=duration_ms)

    def take_as_long(self, duration_ms: int | None, began_ms: int) -> None:
        """Where it is known how long something took that began then, let it have taken that."""
        if duration_ms is not None:
            self.now = self._script.at + timedelta(milliseconds=began_ms)
            self.spend(duration_ms)

    def end(self) -> None:
        """Charge what the time cost, and note what of the script was never wanted."""
        self._stop_recording()
        if self._answered_at is not None and self.medium is Medium.CALL:
            virtual = self._script.destination.startswith(VIRTUAL_PREFIX)
            kind = CostType.CALL_VN if virtual else CostType.CALL_PSTN_INCOMING
            self._charge_time(kind, self._script.destination, (self.now - self._answered_at).total_seconds())
        if pressed := [turn.press for turn in self._answers if turn.press]:
            self.problems.append(f"digits {pressed} were never asked for")
        if spoken := [turn.say for turn in self._answers if turn.say]:
            self.problems.append(f"{spoken} was never listened to")

    def _charge(self, kind: CostType, number: str, units: int) -> None:
        self.numbers.add(number)
        self.price_micros += self._prices.rate(kind, number).split(units, 0).micros

    def _charge_time(self, kind: CostType, number: str, seconds: float) -> None:
        self._charge(kind, number, self._prices.rate(kind, number).units_in(seconds))

    def _answer(self) -> None:
        if self._answered_at is None:
            self._answered_at = self.now

    # --- commands on the call ----------------------------------------------------------------------------------------

    def carry_out(self, command: Command) -> Told:
        done = commands.Done()
        match command:
            case commands.Answer():
                self._answer()
                return done, "answered"
            case commands.Say() | commands.Play() | commands.Beep():
                self._answer()
                if isinstance(command, commands.Beep) or command.wait:
                    self.spend(_length(command))
                return done, self._sound(command)
            case commands.Gather():
                return self._gather(command)
            case commands.SendDigits(digits, duration_ms, interval_ms):
                self.spend(len(digits) * (duration_ms + interval_ms))
                return done, f"sends {digits}"
            case commands.Sleep(duration_ms) | commands.Echo(duration_ms):
                self.spend(duration_ms)
                return done, f"{duration_ms} ms"
            case commands.Mute(direction):
                return done, f"mutes {direction}" if direction else "unmutes"
            case commands.Record():
                return self._record(command)
            case commands.StartRecording():
                self._answer()
                self._recording_since = self._recording_since or self.now
                return commands.RecordingStarted(fixed_id("recording")), "records"
            case commands.StopRecording():
                self._stop_recording()
                return done, "stops recording"
            case commands.AskCallStatus():
                return commands.CallStanding("progressing" if self._answered_at else "ringing"), ""
            case commands.DetectMachine():
                self._answer()
                self.spend(3_000 if command.wait else 0)
                return commands.MachineDetected(self._script.answered_by, 3_000), ""
            case _:
                return self._reach_out(command)

    def _sound(self, command: commands.Say | commands.Play | commands.Beep) -> str:
        match command:
            case commands.Say(text=text):
                self.said.append(text)
                return f"says {text!r}"
            case commands.Play(urls=urls):
                return f"plays {len(urls)} files"
            case _:
                return "beeps"

    def _gather(self, command: commands.Gather) -> Told:
        began_ms = self.elapsed_ms
        for prompt in command.prompts:
            if isinstance(prompt, commands.Sleep):
                continue
            self._answer()
            self._sound(prompt)
        prompts_ms = sum(_length(prompt) for prompt in command.prompts)
        turn = self._turn(until_ms=began_ms + prompts_ms + command.timeout_ms)
        if turn.say and command.speech is not None:
            self.spend(len(turn.say) * MS_PER_CHARACTER)
            return commands.Heard(turn.say, 1.0), f"hears {turn.say!r}"
        pressed = turn.press if command.digits else ""
        for length, digit in enumerate(pressed, start=1):
            if digit in command.end_keys or length == command.max_digits:
                self.spend(length * MS_PER_DIGIT)
                self._keep_rest(pressed[length:])
                ended_by: Literal["key", "length"] = "key" if digit in command.end_keys else "length"
                return commands.Digits(pressed[:length], ended_by), "gathers digits"
        between = command.between_ms if pressed and command.between_ms is not None else command.timeout_ms
        self.spend(prompts_ms + len(pressed) * MS_PER_DIGIT + between)
        return commands.Digits(pressed, "timeout"), "gathers digits"

    def _turn(self, *, until_ms: int) -> CallerTurn:
        """What the caller does now: what is due by its time, else the next answer of the script."""
        due = [turn for turn in self._timed if _when(turn) <= until_ms]
        if due:
            self._timed = self._timed[len(due) :]
            self.spend(max(_when(due[0]) - self.elapsed_ms, 0))
            pressed, spoken = "".join(turn.press for turn in due), " ".join(turn.say for turn in due if turn.say)
            return CallerTurn(pressed, spoken)
        return self._answers.pop(0) if self._answers and not self._timed else CallerTurn()

    def _keep_rest(self, rest: str) -> None:
        """Digits that were not needed yet count for the next time."""
        if rest:
            self._answers.insert(0, CallerTurn(rest))

    def _record(self, command: commands.Record) -> Told:
        self._answer()
        turn = self._turn(until_ms=self.elapsed_ms)
        duration_ms = min(len(turn.say) * MS_PER_CHARACTER or MS_PER_FILE, command.longest_s * 1000)
        self.spend(duration_ms)
        self._charge_time(CostType.RECORDING, "", duration_ms / 1000)
        key = next((digit for digit in turn.press if digit in command.end_keys), "")
        return (
            commands.Recorded(fixed_id("recording"), duration_ms, "key" if key else "silence", key),
            f"records {duration_ms} ms",
        )

    def _stop_recording(self) -> None:
        if self._recording_since is not None:
            seconds = (self.now - self._recording_since).total_seconds()
            self._charge_time(CostType.RECORDING, "", seconds)
            self._recording_since = None

    # --- commands that reach others ----------------------------------------------------------------------------------

    def _reach_out(self, command: Command) -> Told:
        done = commands.Done()
        match command:
            case commands.Dial():
                return self._dialled(command)
            case commands.StartCalls(destinations=destinations):
                ids = tuple(fixed_id(f"call {index}") for index in range(len(destinations)))
                return commands.CallsStarted(ids), f"starts {len(ids)} calls"
            case commands.SendMessage(destinations=destinations, text=text):
                for party in destinations:
                    self._charge(CostType.SMS, party.target, count_segments(text).count)
                return done, f"sends {text!r} to {', '.join(party.target for party in destinations)}"
            case commands.SendToConversation(text=text):
                self._charge(CostType.SMS, "", count_segments(text).count)
                return done, f"sends {text!r}"
            case commands.FetchDocument(url=url):
                return self._fetched(url)
            case commands.SendWebhook(url=url, wait=wait):
                return self._fetched(url) if wait else (done, f"sent to {url}")
            case commands.LoadFlow(flow_id):
                return self._load(flow_id)
            case commands.WriteNotification(error_code, message):
                self.problems.append(f"{error_code}: {message}")
                return done, ""
            case _:
                return self._stay_in_a_room(command)

    def _stay_in_a_room(self, command: Command) -> Told:
        """Commands whose end somebody else decides: they last as long as the constants above say."""
        done = commands.Done()
        match command:
            case commands.JoinConference():
                self._answer()
                self.spend(TALK_MS)
                return commands.ConferenceLeft("left", command.conference_id, TALK_MS // 1000), "joins the conference"
            case commands.JoinQueue():
                self._answer()
                self.spend(QUEUE_MS + TALK_MS)
                left = commands.QueueLeft("bridged", command.queue_id, fixed_id("queuecall"), QUEUE_MS // 1000, 60)
                return left, "waits in the queue and talks"
            case commands.StartStream(two_way=two_way):
                self._answer()
                self.spend(TALK_MS if two_way else 0)
                return done, "streams"
            case commands.StopStream() | commands.StartExternalMedia() | commands.StopExternalMedia():
                return done, ""
            case commands.StartTranscription() | commands.TranscribeRecording():
                return commands.TranscriptionStarted(fixed_id("transcription")), "transcribes"
            case commands.StopTranscription() | commands.Block():
                return done, ""
            case commands.SendEmail(subject=subject):
                return commands.EmailKept(fixed_id("email")), f"sends the e-mail {subject!r}"
            case commands.OpenCase(name):
                return commands.CaseOpened(fixed_id("case")), f"opens the case {name!r}"
            case commands.Converse():
                return self._converse(command)
            case _:
                return commands.Failed("not part of a dry run"), ""

    def _dialled(self, command: commands.Dial) -> Told:
        target = command.parties[0].address.target
        found = next((each for each in self._dial if each.to in ("", target)), None)
        outcome = found or DialOutcome()
        if found is not None and sum(each.to == found.to for each in self._dial) > 1:
            self._dial.remove(found)
        is_answered = outcome.status == "answered"
        if not command.answer_on_bridge or is_answered:
            self._answer()
        self.spend(min(outcome.ring_s, command.timeout_s) * 1000 + (outcome.talk_s * 1000 if is_answered else 0))
        if is_answered:
            for party in _pstn([each.address for each in command.parties[:1]]):
                self._charge_time(CostType.CALL_PSTN_OUTGOING, party.target, outcome.talk_s)
        talk_s = outcome.talk_s if is_answered else 0
        code = outcome.sip_code or _SIP_CODES[outcome.status]
        told = f"{target} answers and talks {talk_s} s" if is_answered else f"{target}: {outcome.status}"
        return commands.Dialled(outcome.status, fixed_id("leg"), talk_s, code, ring_s=outcome.ring_s), told

    def _fetched(self, url: str) -> Told:
        answers = self._http.get(url)
        if not answers:
            self.problems.append(f"no answer was given for {url}: put it into http")
            return commands.Failed("no answer was given for this address"), ""
        answer: HttpAnswer = answers.pop(0) if len(answers) > 1 else answers[0]
        if answer.status == 0:
            return commands.Failed("nobody answers"), f"{url} does not answer"
        kind = answer.content_type or ("text/xml" if answer.body.lstrip().startswith("<") else "application/json")
        return commands.Fetched(answer.status, answer.body, kind, url), f"{url} answers {answer.status}"

    def _load(self, flow_id: UUID) -> Told:
        actions = self._flows.get(flow_id)
        if actions is None:
            self.missing.add(flow_id)
            return commands.Failed("There is no such flow"), ""
        return commands.FlowLoaded(tuple(action.document() for action in actions)), ""

    def _converse(self, command: commands.Converse) -> Told:
        """The built-in assistant: in a talk it hears what the script's caller says, until that is over."""
        if command.kind == "summary":
            answer = summarize_by_rules(command.text)
        elif command.kind == "task":
            answer = answer_by_rules([Turn(who, text) for who, text in command.turns] + [Turn("user", command.text)])
        else:
            answer = self._talk()
        return commands.Conversed(fixed_id("assistant"), answer.text, answer.model), f"the assistant: {answer.text!r}"

    def _talk(self) -> Answer:
        self._answer()
        turns: list[Turn] = []
        while True:
            answer = answer_by_rules(turns)
            self.said.append(answer.text)
            self.spend(len(answer.text) * MS_PER_CHARACTER)
            turn = self._turn(until_ms=self.elapsed_ms)
            heard = turn.say or turn.press
            if answer.is_over or not heard or self.has_hung_up:
                return answer
            self.spend(len(heard) * MS_PER_CHARACTER)
            turns += [Turn("assistant", answer.text), Turn("user", heard)]


_SIP_CODES = {"answered": 200, "busy": 486, "noanswer": 408, "failed": 503, "cancel": 487}


def _when(turn: CallerTurn) -> int:
    return turn.at_ms or 0


def _length(prompt: commands.Say | commands.Play | commands.Sleep | commands.Beep) -> int:
    match prompt:
        case commands.Say(text=text, loop=loop):
            return len(text) * MS_PER_CHARACTER * max(loop, 1)
        case commands.Play(urls=urls, loop=loop):
            return len(urls) * MS_PER_FILE * max(loop, 1)
        case commands.Sleep(duration_ms):
            return duration_ms
        case _:
            return MS_PER_BEEP


def fixed_id(name: str) -> UUID:
    """Ids that are the same in every dry run, so that answers can be compared."""
    return uuid5(NAMESPACE_URL, f"dialplane:dry-run:{name}")


def _pstn(destinations: Sequence[Address]) -> list[Address]:
    return [party for party in destinations if party.type == "tel" and not party.target.startswith(VIRTUAL_PREFIX)]
