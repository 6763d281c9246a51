"""What a read says of its streams: no failure twice, no status out of turn."""

import logging

from airbyte_cdk.models import AirbyteErrorTraceMessage, AirbyteMessage, AirbyteStreamStatus, TraceType

from source_digitalocean_quolum.protocol.failed_streams import FailedStreams

logger = logging.getLogger("airbyte")

_ENDS = (AirbyteStreamStatus.COMPLETE, AirbyteStreamStatus.INCOMPLETE)


class StreamMessages:
    """Looks at every message of a read, in the order in which they leave."""

    def __init__(self) -> None:
        self.failed = FailedStreams()
        self._failures: set[tuple[str, str | None]] = set()
        self._running: set[str] = set()

    def passes(self, message: AirbyteMessage) -> bool:
        """Whether the message is to be said.

        - An error of a stream is said once: 300 days that are refused alike are one cause. Another cause is another.
        - A stream is RUNNING from STARTED to its end. Who waits says so from any thread (http/waiting.py), at times for
          a stream that has ended or is yet to come.
        """
        trace = message.trace
        if trace is None:
            return True
        if trace.type is TraceType.ERROR and trace.error:
            return self._is_new(trace.error)
        if trace.type is TraceType.STREAM_STATUS and trace.stream_status:
            name, status = trace.stream_status.stream_descriptor.name, trace.stream_status.status
            if status is AirbyteStreamStatus.STARTED:
                self._running.add(name)
            elif status in _ENDS:
                self._running.discard(name)
            else:
                return name in self._running
        return True

    def _is_new(self, error: AirbyteErrorTraceMessage) -> bool:
        self.failed.note(error)
        if error.stream_descriptor is None:
            return True
        failure = (error.stream_descriptor.name, error.message)
        if failure in self._failures:
            logger.debug("%s: the same again: %s", *failure)
            return False
        self._failures.add(failure)
        return True
