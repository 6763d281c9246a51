"""Spaces on loopback: the S3 API of each region below /spaces/<region>, for requests with a full key's signature."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.server import State, note
from sandbox.world import World, catalog, grouping

PREFIX = "/spaces"
_XML = "application/xml"
_XMLNS = "http://s3.amazonaws.com/doc/2006-03-01/"
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>\w+)/(?P<day>\d{8})/(?P<region>\w+)/s3/aws4_request, ?"
    r"SignedHeaders=(?P<headers>[\w;-]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)
_CORS = (
    "<CORSRule><AllowedOrigin>https://www.example.com</AllowedOrigin><AllowedMethod>GET</AllowedMethod>"
    "<AllowedMethod>HEAD</AllowedMethod><AllowedHeader>*</AllowedHeader><MaxAgeSeconds>3000</MaxAgeSeconds></CORSRule>"
)
_LIFECYCLE = (
    "<Rule><ID>old-backups</ID><Prefix>daily/</Prefix><Status>Enabled</Status><Expiration><Days>30</Days></Expiration>"
    "<AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule>"
)


@dataclass(frozen=True)
class Bucket:
    """A bucket and what its server tells of it."""

    name: str
    region: str
    created_at: str
    size_bytes: int
    object_count: int
    rules: Mapping[str, str]


class SpacesError(Exception):
    """An answer that is an error: status, code and message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


def buckets(world: World) -> list[Bucket]:
    """The team's buckets, where what is measured of them says they are."""
    project = next(one for one in world.tables["projects"] if one["is_default"])
    rng = world.plan.rng("buckets")
    rules = {
        "assets": {"cors": f'<CORSConfiguration xmlns="{_XMLNS}">{_CORS}</CORSConfiguration>'},
        "backups": {"lifecycle": f'<LifecycleConfiguration xmlns="{_XMLNS}">{_LIFECYCLE}</LifecycleConfiguration>'},
    }
    return [
        Bucket(
            name := urn.rsplit(":", 1)[1],
            catalog.HOME_REGIONS[place % 2],
            project["created_at"],
            rng.randrange(10**9, 10**12),
            rng.randrange(1_000, 1_000_000),
            rules.get(name, {}),
        )
        for place, urn in enumerate(grouping.SPACES)
    ]


def secret_of(access_key: str) -> str:
    """The secret of a key; nobody else is shown it."""
    return hashlib.sha256(f"sandbox {access_key}".encode()).hexdigest()[:43]


def spaces_routes(state: State) -> list[Route]:
    """What each region's server answers."""

    async def handle(request: Request) -> Response:
        try:
            _verify(state.world, request)
            response = _answer(state, request)
        except SpacesError as error:
            body = f"<Error><Code>{error.code}</Code><Message>{escape(str(error))}</Message></Error>"
            response = Response("" if request.method == "HEAD" else body, error.status, media_type=_XML)
        note(state, request, response, None)
        return response

    return [Route(PREFIX + "/{region}/", handle), Route(PREFIX + "/{region}/{bucket}", handle)]


def _answer(state: State, request: Request) -> Response:
    region, name = request.path_params["region"], request.path_params.get("bucket")
    there = [one for one in buckets(state.world) if one.region == region]
    if name is None:
        listed = "".join(
            f"<Bucket><Name>{one.name}</Name><CreationDate>{one.created_at}</CreationDate></Bucket>" for one in there
        )
        content = f'<ListAllMyBucketsResult xmlns="{_XMLNS}"><Buckets>{listed}</Buckets></ListAllMyBucketsResult>'
        return Response(content, media_type=_XML)
    bucket = next((one for one in there if one.name == name), None)
    if bucket is None:
        raise SpacesError(404, "NoSuchBucket", "The specified bucket does not exist.")
    if request.method == "HEAD":
        measured = {"x-rgw-bytes-used": str(bucket.size_bytes), "x-rgw-object-count": str(bucket.object_count)}
        return Response(headers=measured)
    question = request.url.query.partition("=")[0]
    if question not in bucket.rules:
        code = {"cors": "NoSuchCORSConfiguration", "lifecycle": "NoSuchLifecycleConfiguration"}.get(question)
        raise SpacesError(404 if code else 501, code or "NotImplemented", f"There is nothing about {question}.")
    return Response(bucket.rules[question], media_type=_XML)


def _verify(world: World, request: Request) -> None:
    """Raise a SpacesError unless the request is signed as AWS Signature Version 4 says, with the full key."""
    found = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
    if found is None:
        raise SpacesError(403, "AccessDenied", "Anonymous access is forbidden for this operation.")
    key = next((one for one in world.tables["spaces_keys"] if one["access_key"] == found["key"]), None)
    if key is None:
        raise SpacesError(403, "InvalidAccessKeyId", "The access key does not exist.")
    if not hmac.compare_digest(_signature(request, found.groupdict(), secret_of(found["key"])), found["signature"]):
        raise SpacesError(403, "SignatureDoesNotMatch", "The signature does not match the request.")
    if found["region"] != request.path_params["region"]:
        raise SpacesError(400, "AuthorizationHeaderMalformed", "The region is wrong.")
    if not any(grant["permission"] == "fullaccess" for grant in key["grants"]):
        raise SpacesError(403, "AccessDenied", "Access denied.")


def _signature(request: Request, scope: Mapping[str, str], secret: str) -> str:
    """AWS Signature Version 4, "Create a signed request"."""
    query = sorted(part if "=" in part else f"{part}=" for part in request.url.query.split("&") if part)
    headers = "".join(f"{name}:{request.headers[name].strip()}\n" for name in scope["headers"].split(";"))
    canonical = "\n".join(
        [
            request.method,
            quote(request.url.path, safe="/~"),
            "&".join(query),
            headers,
            scope["headers"],
            request.headers.get("x-amz-content-sha256", ""),
        ]
    )
    credential = f"{scope['day']}/{scope['region']}/s3/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{request.headers.get('x-amz-date', '')}\n{credential}\n{digest}"
    key = f"AWS4{secret}".encode()
    for part in credential.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.new(key, text.encode(), "sha256").hexdigest()
