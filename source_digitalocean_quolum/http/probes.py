"""What a token must be allowed to read for a stream."""

from dataclasses import dataclass

from source_digitalocean_quolum.http.endpoint import Endpoint


@dataclass(frozen=True)
class StreamProbes:
    """What check needs to know of a stream: its name, its endpoint's facts, and another endpoint that does as well."""

    name: str
    endpoint: Endpoint
    otherwise: Endpoint | None = None

    @property
    def ways(self) -> tuple[Endpoint, ...]:
        """Where the stream can be read from: one of them is enough."""
        return (self.endpoint, self.otherwise) if self.otherwise else (self.endpoint,)
