"""What actions and their options are called where people write flows, and what each does in one sentence."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Group(StrEnum):
    """Where people look for an action."""

    SAY = "Say and play"
    HEAR = "Ask and listen"
    DECIDE = "Decide"
    REACH = "Reach somebody"
    TELL = "Write and tell"
    RECORD = "Record and transcribe"
    CALL = "The call itself"


@dataclass(frozen=True, slots=True)
class Words:
    group: Group
    title: str
    says: str


_S, _H, _D, _R, _T, _K, _C = Group

ACTION_WORDS: Mapping[str, Words] = {
    "talk": Words(_S, "Talk", "Says a text, and answers the call for it."),
    "play": Words(_S, "Play", "Plays sounds from web addresses, in order."),
    "beep": Words(_S, "Beep", "Plays a short tone."),
    "sleep": Words(_S, "Wait", "Waits in silence."),
    "echo": Words(_S, "Echo", "Lets callers hear themselves, to test the line."),
    "stream_echo": Words(_S, "Stream echo", "Sends the caller's audio back, frame by frame."),
    "digits_send": Words(_S, "Send digits", "Presses keys towards the other party."),
    "digits_receive": Words(_H, "Receive digits", "Waits for keys that the caller presses."),
    "ai_talk": Words(_H, "Talk with an assistant", "Hands the conversation to an AI assistant."),
    "amd": Words(_H, "Detect a machine", "Finds out whether a person or a machine has answered."),
    "branch": Words(_D, "Branch", "Goes on at the step that belongs to a value, such as a pressed key."),
    "condition_datetime": Words(_D, "Check the time", "Goes on where the time fits, else jumps."),
    "condition_variable": Words(_D, "Check a variable", "Goes on where the comparison is true, else jumps."),
    "condition_call_digits": Words(_D, "Check digits", "Goes on where enough digits, or a key, were pressed."),
    "condition_call_status": Words(_D, "Check the call", "Goes on where the call has this status, else jumps."),
    "goto": Words(_D, "Go to", "Jumps so many times, then goes on."),
    "variable_set": Words(_D, "Set a variable", "Keeps a value for later steps."),
    "fetch": Words(_D, "Fetch actions", "Asks a web server for actions and runs them here."),
    "fetch_flow": Words(_D, "Run another flow", "Runs another flow of the project, then comes back."),
    "empty": Words(_D, "Nothing", "Does nothing."),
    "block": Words(_D, "Wait for a signal", "Waits until the run is told to continue."),
    "connect": Words(_R, "Connect", "Calls somebody and joins the two calls."),
    "call": Words(_R, "Start calls", "Starts calls of their own and does not wait for them."),
    "queue_join": Words(_R, "Join a queue", "Lets the caller wait for an agent."),
    "conference_join": Words(_R, "Join a conference", "Puts the caller into a conference."),
    "confbridge_join": Words(_R, "Join a bridge", "Puts the caller into a conference bridge."),
    "message_send": Words(_T, "Send an SMS", "Sends a text message."),
    "conversation_send": Words(_T, "Reply", "Sends a text in the conversation that this run belongs to."),
    "email_send": Words(_T, "Send an e-mail", "Sends an e-mail, with recordings where wanted."),
    "webhook_send": Words(_T, "Call a webhook", "Sends data to a web server."),
    "case_create": Words(_T, "Open a case", "Opens a case for the contact."),
    "ai_task": Words(_T, "Give an assistant a task", "Lets an AI assistant work without voice."),
    "recording_start": Words(_K, "Start recording", "Records the call until it is stopped."),
    "recording_stop": Words(_K, "Stop recording", "Ends the recording."),
    "transcribe_start": Words(_K, "Start transcribing", "Writes down what is said from here on."),
    "transcribe_stop": Words(_K, "Stop transcribing", "Ends the transcription."),
    "transcribe_recording": Words(_K, "Transcribe a recording", "Writes down what was recorded."),
    "ai_summary": Words(_K, "Summarise", "Lets an AI summarise a call, conference or recording."),
    "external_media_start": Words(_K, "Stream the audio out", "Sends the call's audio to another program."),
    "external_media_stop": Words(_K, "Stop streaming out", "Ends the streams to other programs."),
    "answer": Words(_C, "Answer", "Answers the call; from here on it costs."),
    "hangup": Words(_C, "Hang up", "Ends the call."),
    "mute": Words(_C, "Mute", "Mutes the call."),
    "stop": Words(_C, "Stop", "Ends the flow here."),
}

_LABELS: Mapping[str, str] = {
    "ai_id": "AI (old form)",
    "async": "Go on while it happens",
    "beep_start": "Beep before",
    "chained": "Hang up together with this call",
    "data_type": "MIME type",
    "default_target_id": "For any other value",
    "digits_handle": "When a key is pressed",
    "duration": "Duration",
    "early_execution": "Begin before it is answered",
    "end_of_key": "Key that ends it",
    "end_of_silence": "Silence that ends it",
    "event_method": "Method",
    "event_url": "Web address",
    "false_target_id": "Otherwise go to",
    "flow_id": "Flow",
    "key": "Key",
    "loop_count": "How many times",
    "on_end_flow_id": "Flow that begins afterwards",
    "relay_reason": "Hang up with the other party's reason",
    "stream_urls": "Web addresses of sounds",
    "sync": "Wait for the answer",
    "target_id": "Go to",
    "target_ids": "Steps by value",
    "uri": "Web address",
    "voice_id": "Voice",
}
"""Of options whose name alone would not do; the others are called by their name."""

_MILLISECONDS, _SECONDS = "in milliseconds", "in seconds"
_HINTS: Mapping[tuple[str, str], str] = {
    ("", "false_target_id"): "Empty: the next step, either way.",
    ("", "default_target_id"): "Empty: the next step.",
    ("", "timezone"): "Such as Europe/Berlin.",
    ("", "weekdays"): "0 is Sunday, 6 is Saturday. Empty: any.",
    ("", "language"): "Such as en-US.",
    ("", "destinations"): "A number such as +12025550143, an extension, an agent or a SIP address.",
    ("condition_datetime", "hour"): "-1: any hour. Left out, it is compared as 0.",
    ("condition_datetime", "minute"): "-1: any minute. Left out, it is compared as 0.",
    ("condition_datetime", "day"): "0: any day.",
    ("condition_datetime", "month"): "0: any month.",
    ("condition_variable", "variable"): "A name, or text with ${…}.",
    ("branch", "variable"): "Empty: the digits that were pressed.",
    ("variable_set", "key"): "The variable's name, used as ${name}.",
    ("digits_receive", "key"): "Keys that end the waiting, such as #.",
    ("digits_receive", "length"): "So many digits end the waiting. 0: any number.",
    ("talk", "text"): "Plain text or SSML; ${…} for variables.",
    ("ai_talk", "duration"): _SECONDS,
    ("ai_talk", "aicall_id"): "A talk that POST /aicalls has begun.",
    ("recording_start", "duration"): _SECONDS,
    ("recording_start", "end_of_silence"): _SECONDS,
    ("", "duration"): _MILLISECONDS,
    ("", "interval"): _MILLISECONDS,
    ("", "loop_count"): "Then it goes on with the next step. 0: never jumps.",
}


def option_label(name: str) -> str:
    return _LABELS.get(name) or name.removesuffix("_id").replace("_", " ").capitalize()


def option_hint(action: str, name: str) -> str:
    """One sentence at most; "" where the label says it all."""
    return _HINTS.get((action, name), "") or _HINTS.get(("", name), "")
