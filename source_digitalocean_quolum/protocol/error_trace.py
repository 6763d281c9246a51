"""What an error trace says: a sentence for the operator, and for a defect of ours where it was."""

import re
from typing import Any

from source_digitalocean_quolum.cdk_ext.log_words import translate_trace

_FRAME = re.compile(r'  File ".*", line \d+')
# "requests.exceptions.HTTPError: 500 Server Error ...": what follows the name may be anything, an answer's body too.
_EXCEPTION = re.compile(r"((?:[A-Za-z_]\w*\.)*[A-Z]\w*)(?::|$)")
_BETWEEN = ("Traceback (most recent call last):", "During handling of", "The above exception was")


def clean_error(error: dict[str, Any]) -> None:
    """Clean the `error` of a TRACE message, in place.

    The message loses words of the CDK's. An exception's own text may quote an answer, so `internal_message` goes, and
    of the stack trace the lines of code and the names of exceptions stay: of a defect (system_error) only, since
    elsewhere the message says all there is to say.
    """
    error["message"] = translate_trace(str(error.get("message") or ""))
    error.pop("internal_message", None)
    stack = error.pop("stack_trace", None)
    if isinstance(stack, str) and error.get("failure_type", "system_error") == "system_error":
        error["stack_trace"] = without_texts(stack)


def without_texts(stack: str) -> str:
    """A traceback without what its exceptions say."""
    kept: list[str] = []
    within = False
    for line in stack.splitlines():
        if _FRAME.match(line):
            kept.append(line)
            within = True
        elif line.startswith(_BETWEEN):
            kept += ["", line] if kept else [line]
        elif within and line.startswith("    "):
            # The line of code; under it a newer Python marks a part of it.
            kept += [line] if kept[-1].startswith('  File "') else []
        elif within:
            within = False
            kept += [found[1]] if (found := _EXCEPTION.match(line)) else []
    return "\n".join(kept) + "\n"
