"""The last word of a read of which streams failed: one sentence, of the kind that its causes have."""

from airbyte_cdk.models import AirbyteErrorTraceMessage, FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

# Streams that are named; of more, the number is said.
_NAMED = 20


class FailedStreams:
    """The streams of which an error trace was said."""

    def __init__(self) -> None:
        self._kinds: dict[str, set[FailureType]] = {}

    def __bool__(self) -> bool:
        return bool(self._kinds)

    def note(self, error: AirbyteErrorTraceMessage) -> None:
        """Remember an error trace if it is of a stream."""
        if error.stream_descriptor:
            kind = error.failure_type or FailureType.system_error
            self._kinds.setdefault(error.stream_descriptor.name, set()).add(kind)

    def sum_up(self) -> AirbyteTracedException:
        """The exception that ends the read.

        The platform tries a sync again unless a person has to do something first. So the sync's kind is config_error if
        any cause is one, transient_error where all of them are, and system_error otherwise.
        """
        kinds = set[FailureType]().union(*self._kinds.values())
        if FailureType.config_error in kinds:
            kind = FailureType.config_error
        elif kinds == {FailureType.transient_error}:
            kind = FailureType.transient_error
        else:
            kind = FailureType.system_error
        names = sorted(self._kinds)
        named = ", ".join(names[:_NAMED])
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        return AirbyteTracedException(
            message=f"These streams are incomplete: {named}{more}. The message of each of them says why.",
            failure_type=kind,
        )
