"""Actions that reach others: new calls, messages, the tenant's servers, further flows."""

import json
from uuid import UUID

from dialplane.domain.addresses import ADDRESS_TYPES, Address
from dialplane.domain.flows.steps.step import (
    Enter,
    GoOn,
    Outcome,
    Step,
    StepFault,
    anonymous,
    literal,
)
from dialplane.domain.flows.variables import OWN_PREFIX, VariableFault
from dialplane.domain.programs import commands
from dialplane.domain.programs.commands import Result


def call(step: Step) -> Outcome:
    options = step.options
    return commands.StartCalls(
        options.find_party("source"),
        options.items("destinations", Address),
        flow_id=options.find_id("flow_id"),
        actions=options.items("actions", dict),
        chained=options.flag("chained"),
        early_execution=options.flag("early_execution"),
        anonymous=anonymous(options),
    )


def message_send(step: Step) -> Outcome:
    options = step.options
    return commands.SendMessage(
        options.find_party("source"), options.items("destinations", Address), options.text("text")
    )


def conversation_send(step: Step) -> Outcome:
    """A reply in any conversation of the account; without an id, in the one that this run belongs to."""
    own = step.variables.get("voipbin.conversation.id")
    wanted = step.options.find_id("conversation_id")
    if wanted is None and not own:
        raise StepFault("the run belongs to no conversation, and none is named")
    prefix = "voipbin.conversation.peer"
    kind = literal(step.variables.get(f"{prefix}.type"), ADDRESS_TYPES, "tel")
    other = wanted is not None and str(wanted) != own
    if other or kind == "web_session":  # whoever chats on a web page has no address to send a message to
        return commands.SendToConversation(wanted or UUID(own), step.options.text("text"), step.options.flag("sync"))
    target = step.variables.get(f"{prefix}.target")
    receiver = (Address(kind or "tel", target),)
    return commands.SendMessage(None, receiver, step.options.text("text"), wait=step.options.flag("sync"))


def email_send(step: Step) -> Outcome:
    options = step.options
    return commands.SendEmail(
        options.items("destinations", Address),
        options.text("subject"),
        options.text("content"),
        recording_ids=options.items("attachments", UUID),
    )


def email_kept(step: Step, result: Result) -> Outcome:
    if not isinstance(result, commands.EmailKept):
        raise StepFault("the e-mail was not taken")
    return GoOn(f"e-mail {result.email_id}", warning=result.warning)


def case_create(step: Step) -> Outcome:
    options = step.options
    return commands.OpenCase(options.text("name"), options.text("detail"), options.text("note"), options.flag("sync"))


def case_opened(step: Step, result: Result) -> Outcome:
    if not isinstance(result, commands.CaseOpened):
        raise StepFault("no case was opened")
    step.variables.set_fact("contact_case_id", str(result.case_id))
    return GoOn(f"case {result.case_id}")


def webhook_send(step: Step) -> Outcome:
    options = step.options
    return commands.SendWebhook(
        options.text("uri"),
        method=options.text("method") or "POST",
        body=options.text("data"),
        content_type=options.text("data_type") or "application/json",
        wait=options.flag("sync"),
    )


def webhook_sent(step: Step, result: Result) -> Outcome:
    """The keys of a JSON object in the answer become variables; our own names are left alone."""
    if not isinstance(result, commands.Fetched):
        return GoOn()
    for name, value in _json_object(result.body).items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        if name and not name.startswith(OWN_PREFIX):
            try:
                step.variables.set_own(name, text)
            except VariableFault as fault:
                raise StepFault(str(fault)) from None
    return GoOn(f"answered {result.status}")


def _json_object(body: str) -> dict[str, object]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def fetch(step: Step) -> Outcome:
    body = {
        "activeflow_id": step.variables.get("voipbin.activeflow.id"),
        "reference_id": step.variables.get("voipbin.activeflow.reference_id"),
    }
    method = step.options.text("event_method") or "POST"
    return commands.FetchDocument(step.options.text("event_url"), method=method, body=json.dumps(body))


def fetched(step: Step, result: Result) -> Outcome:
    if not isinstance(result, commands.Fetched):
        raise StepFault("nothing was fetched")
    if result.status != 200:
        raise StepFault(f"the server answered {result.status}, not 200")
    try:
        return Enter(json.loads(result.body))
    except (ValueError, RecursionError):
        raise StepFault("the server's answer is not JSON") from None


def fetch_flow(step: Step) -> Outcome:
    flow_id = step.options.find_id("flow_id")
    if flow_id is None:
        raise StepFault("option.flow_id is missing")
    return commands.LoadFlow(flow_id)


def flow_fetched(step: Step, result: Result) -> Outcome:
    if not isinstance(result, commands.FlowLoaded):
        raise StepFault("the flow was not loaded")
    return Enter(list(result.actions))
