"""One region's server of Spaces, asked through the run's one door with requests signed by a Spaces key."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote

import requests

from source_digitalocean_quolum.http.client import ApiClient, ApiRequest
from source_digitalocean_quolum.http.failures import list_incomplete
from source_digitalocean_quolum.http.run_context import RunContext
from source_digitalocean_quolum.records.answer import Answer
from source_digitalocean_quolum.records.body import UnexpectedBody
from source_digitalocean_quolum.spaces.documents import read_error, read_members
from source_digitalocean_quolum.spaces.errors import NO_BUCKET, SpacesErrorHandler
from source_digitalocean_quolum.spaces.settings import SpacesSettings

Question = Literal["cors", "lifecycle"]
_DOCUMENTS = {"cors": ("CORSConfiguration", "CORSRule"), "lifecycle": ("LifecycleConfiguration", "Rule")}


class BucketGoneError(Exception):
    """The bucket was deleted after the list named it."""


@dataclass(frozen=True)
class SpacesKey:
    """Signs requests with AWS Signature Version 4, each anew: a signature holds for minutes."""

    settings: SpacesSettings = field(repr=False)
    region: str

    def header(self) -> Callable[[requests.PreparedRequest], requests.PreparedRequest]:
        """See Authorization in http/oauth.py."""
        # Whoever reads no buckets does without it.
        from requests_aws4auth import AWS4Auth  # noqa: PLC0415

        sign: Callable[[requests.PreparedRequest], requests.PreparedRequest] = AWS4Auth(
            self.settings.access_key, self.settings.secret_key, self.region, "s3"
        )
        return sign

    def renew(self, refused: object) -> bool:
        """There is no other key."""
        return False


class SpacesClient:
    """Asks one region's server about its buckets."""

    def __init__(self, settings: SpacesSettings, region: str, run: RunContext, stream: str) -> None:
        """`stream` is whose requests these are."""
        self._key, self._region, self._stream = settings.access_key, region, stream
        self._client = ApiClient(
            settings.address_of(region),
            run.session,
            run.spaces_budget,
            SpacesKey(settings, region),
            run.slots,
            run.count_request,
            run.waiting.tell,
        )

    def list_buckets(self, **limits: Any) -> list[dict[str, Any]]:
        """Every bucket of the region: its name and when it was created. `limits` are those of ApiRequest."""
        answer = self._ask(ApiRequest("/", accept="application/xml", decode=False, **limits))
        return self._read(answer, "ListAllMyBucketsResult", "Bucket")

    def measure(self, bucket: str) -> Mapping[str, str]:
        """The headers that tell of a bucket; none where the key may not look at it. Raises BucketGoneError."""
        answer = self._ask(ApiRequest(_path(bucket), method="HEAD", decode=False), bucket)
        if answer.status == 404:
            raise BucketGoneError(bucket)
        return answer.headers if answer.status == 200 else {}

    def list_rules(self, bucket: str, question: Question) -> list[dict[str, Any]] | None:
        """A bucket's rules; None where the key may not read them. Raises BucketGoneError."""
        request = ApiRequest(f"{_path(bucket)}?{question}", accept="application/xml", decode=False)
        answer = self._ask(request, bucket)
        if answer.status == 200:
            return self._read(answer, *_DOCUMENTS[question])
        if answer.status == 404:
            # Without rules there is no document either.
            if read_error(answer.content)[0] == NO_BUCKET:
                raise BucketGoneError(bucket)
            return []
        return None

    def _ask(self, request: ApiRequest, bucket: str = "") -> Answer:
        answer, _ = self._client.send(request, self._stream, SpacesErrorHandler(self._key, self._region, bucket))
        if answer is None:
            raise list_incomplete(f"Spaces in {self._region} gave no answer.")
        return answer

    def _read(self, answer: Answer, root: str, member: str) -> list[dict[str, Any]]:
        try:
            return read_members(answer.content, root, member)
        except UnexpectedBody as problem:
            raise list_incomplete(f"Spaces in {self._region} answered {answer.path} with {problem}.") from None


def _path(bucket: str) -> str:
    return "/" + quote(bucket, safe="")
