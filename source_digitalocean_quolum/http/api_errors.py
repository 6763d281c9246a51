"""DigitalOcean's own words about an error."""

from source_digitalocean_quolum.records.answer import Answer
from source_digitalocean_quolum.redaction import redact_text

# Of DigitalOcean's sentence; what is longer is no sentence.
_LONGEST_MESSAGE = 300


def api_error_message(answer: Answer) -> str:
    """The `message` of an error object as a clause; empty when there is none.

    Error objects are {id, message, request_id}; functions answer {code, messages: {field: [text]}}. Nothing else of a
    body is ever part of a message.
    """
    body = answer.body
    if not isinstance(body, dict):
        return ""
    message = body.get("message")
    if not isinstance(message, str):
        message = _first_text(body.get("messages"))
    if not message:
        return ""
    sentence = " ".join("".join(c if c.isprintable() else " " for c in message).split())
    return f' (DigitalOcean: "{redact_text(sentence)[:_LONGEST_MESSAGE]}")'


def _first_text(messages: object) -> str:
    if isinstance(messages, dict):
        for texts in messages.values():
            for text in texts if isinstance(texts, list) else [texts]:
                if isinstance(text, str) and text:
                    return text
    return ""
