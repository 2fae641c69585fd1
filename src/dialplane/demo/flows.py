"""The two flows of the demo, as JSON that a user would write."""

GREETING = "Welcome to the Dialplane demo. Press one to speak with a person."
MENU = "00000000-0000-4000-8000-00000000d001"
PERSON = "00000000-0000-4000-8000-00000000d002"
OTHER = "00000000-0000-4000-8000-00000000d003"

HOURS_REPLY = "We are open Mon-Fri 9-5"


def menu_flow(second_phone: str) -> dict[str, object]:
    """Greet, take one digit, and on 1 connect the caller to the SIP address `second_phone`."""
    return {
        "name": "demo menu",
        "detail": "made by dialplane demo",
        "actions": [
            {"type": "answer"},
            {"id": MENU, "type": "talk", "option": {"text": GREETING, "language": "en-US", "gender": "female"}},
            {"type": "digits_receive", "option": {"duration": 8000, "length": 1}},
            {"type": "branch", "option": {"target_ids": {"1": PERSON}, "default_target_id": OTHER}},
            {
                "id": PERSON,
                "type": "connect",
                "option": {"destinations": [{"type": "sip", "target": second_phone}]},
            },
            {"type": "hangup", "option": {"reason": "normal"}},
            {"id": OTHER, "type": "talk", "option": {"text": "That was not one. Goodbye.", "language": "en-US"}},
        ],
    }


def keyword_flow() -> dict[str, object]:
    """Answer the text HOURS, and nothing else."""
    return {
        "name": "demo keywords",
        "detail": "made by dialplane demo",
        "actions": [
            {
                "type": "condition_variable",
                "option": {
                    "condition": "==",
                    "variable": "${voipbin.conversation_message.text}",
                    "value_type": "string",
                    "value_string": "HOURS",
                    "false_target_id": OTHER,
                },
            },
            {
                "type": "conversation_send",
                "option": {"conversation_id": "${voipbin.conversation.id}", "text": HOURS_REPLY},
            },
            {"id": OTHER, "type": "stop"},
        ],
    }
