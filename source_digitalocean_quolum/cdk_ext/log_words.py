"""What the CDK and other libraries say, in an operator's words or not at all: the one table of it."""

import logging
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

# Found, not imported: the guard needs this module for `spec`, too, which does without the CDK.
_CDK = str(Path(str(getattr(find_spec("airbyte_cdk"), "origin", None))).parent)
_OURS = str(Path(__file__).parents[1])

# What the CDK logs (airbyte_cdk 7.39), and what is logged in its place; None is not said. What stands here by itself
# is said as it is.
_LOG_WORDS: tuple[tuple[str, str | None], ...] = (
    (r"Starting syncing$", r"\g<0>"),
    (r"Syncing stream: ", r"\g<0>"),
    (r"Read \d+ records from ", r"\g<0>"),
    # Statuses of their own say the same.
    (r"Marking stream ", None),
    (r"Finished syncing", None),
    # The error trace of the stream says what, and that at the end which.
    (r"Exception while syncing stream ", None),
    (r"During the sync, the following streams did not sync successfully", None),
    (r"An unknown exception has occurred while reading concurrently", None),
    # What Python's own JSON wrote in place of orjson is no news.
    (r"There was an error during the serialization of an AirbyteMessage", None),
    (r"MemoryMonitor instantiated ", None),
    (r"Memory usage crossed (\d+)%.*", r"Memory usage crossed \1% of the container's limit."),
    (
        r"Cgroup usage crossed (\d+)% \((.*?)\) but .*",
        r"Memory usage crossed \1% of the container's limit (\2); not all of it is this process's: the sync goes on.",
    ),
    (r"ThreadPoolManager: The list of futures is getting bigger", None),
    (
        r"Could not find cursor field `(.+)` in record for stream (.+?)\..*",
        r"Stream \2: a record without `\1` is there and does not move the state.",
    ),
    (
        r"Skipping cursor update for stream '(.+?)': failed to parse cursor field '(.+?)'.*",
        r"Stream \1: a record whose `\2` is no date is there and does not move the state.",
    ),
    (
        r"Exceeded the 'SWITCH_TO_GLOBAL_LIMIT' of (\d+)\. Switching to global cursor for (.+)\.",
        r"Stream \2 has more than \1 parents: from now on its state has one date for all of them.",
    ),
    (r"Partition duplication detected for stream (.+)", r"Stream \1: a parent was listed twice and is asked once."),
    (
        r"The maximum number of partitions has been reached\. Dropping the oldest partition.*",
        r"A stream has more parents than its state can hold: the next sync reads the records of the oldest again.",
    ),
    (r"Trying to get_parent_state for stream ", None),
    (r"Could not find parent state for stream ", None),
)

# The same for the messages of error traces.
_TRACE_WORDS: tuple[tuple[str, str], ...] = (
    (
        r"Something went wrong in the connector\. See the logs for more details\.",
        "This is a defect of the connector: please report it with the stack trace of this message.",
    ),
    (
        r"An unexpected error occurred in stream (.+): (\w+)",
        r"Stream \1 ended on a defect of the connector (\2): please report it with the stack trace of this message.",
    ),
    (
        r"A record returned from the API failed to be serialized to JSON\.",
        "A record cannot be written as JSON; this is a defect of the connector: please report it.",
    ),
    (
        r"Source memory usage exceeded critical threshold \((\d+)% of container limit\)\.",
        r"\1% of the container's memory are in use, so the sync ends: give it more memory or lower `num_workers`.",
    ),
)


@cache
def _compiled(words: tuple[tuple[str, str | None], ...]) -> list[tuple[re.Pattern[str], str | None]]:
    return [(re.compile(said, re.DOTALL), instead) for said, instead in words]


def translate_trace(message: str) -> str:
    """The message of an error trace without words of the CDK's."""
    for said, instead in _compiled(_TRACE_WORDS):
        if (match := said.fullmatch(message)) and instead is not None:
            return match.expand(instead)
    return message


def translate_log(record: logging.LogRecord) -> bool:
    """A filter for a log handler: changes what the CDK says, and stops what is not said to an operator.

    What the CDK says beyond the table is for developers: it is there with `--debug`. Other libraries (urllib3 with the
    headers that it could not read) are not heard at all.
    """
    if not record.pathname.startswith(_CDK):
        return record.pathname.startswith(_OURS) or record.name.partition(".")[0] == "airbyte"
    if record.levelno <= logging.DEBUG:
        return True
    said = record.getMessage()
    for pattern, instead in _compiled(_LOG_WORDS):
        if match := pattern.match(said):
            if instead is None:
                return False
            record.msg, record.args = said if instead == r"\g<0>" else match.expand(instead), None
            record.exc_info = record.exc_text = record.stack_info = None
            return True
    return logging.getLogger("airbyte").isEnabledFor(logging.DEBUG)


def translate_logs() -> None:
    """Put the filter on the process's log handlers, before all others; calling it again changes nothing."""
    for handler in logging.getLogger().handlers:
        if translate_log not in handler.filters:
            handler.filters.insert(0, translate_log)
