"""Buckets of Spaces: asked with their own key, as it may; told in words what is wrong; and in nobody's way."""

import re
import sys
from typing import Any

import pytest
from airbyte_cdk.models import FailureType

from unit_tests.mock_server.clock import Clock
from unit_tests.mock_server.commands import Output, check, read, token_config
from unit_tests.mock_server.server import ACCOUNT, API, Answer, DigitalOcean, Reply

STREAM = "spaces_buckets"
KEY, SECRET = "DO00AAAAAAAAAAAAAAAA", "Sp4ces/Secret+" + "x" * 29
NYC3, FRA1 = "https://nyc3.digitaloceanspaces.com", "https://fra1.digitaloceanspaces.com"
CREATED = "2026-01-02T03:04:05.678Z"
CORS = (
    "<CORSRule><ID>web</ID><AllowedOrigin>https://a.example</AllowedOrigin><AllowedMethod>GET</AllowedMethod>"
    "<AllowedMethod>PUT</AllowedMethod><MaxAgeSeconds>300</MaxAgeSeconds></CORSRule>"
)
LIFECYCLE = (
    "<Rule><ID>old</ID><Prefix/><Status>Enabled</Status><Expiration><Days>30</Days></Expiration>"
    "<AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule>"
)


def config(**spaces: Any) -> dict[str, Any]:
    return token_config(spaces={"access_key": KEY, "secret_key": SECRET, "regions": ["nyc3"], **spaces})


def xml(text: str, status: int = 200) -> Reply:
    return Reply(text.encode(), status, {"Content-Type": "application/xml"})


def refusal(status: int, code: str, message: str = "why") -> Reply:
    return xml(f"<Error><Code>{code}</Code><Message>{message}</Message></Error>", status)


def buckets(*names: str) -> Reply:
    listed = "".join(f"<Bucket><Name>{name}</Name><CreationDate>{CREATED}</CreationDate></Bucket>" for name in names)
    namespace = "http://s3.amazonaws.com/doc/2006-03-01/"
    return xml(f'<ListAllMyBucketsResult xmlns="{namespace}"><Buckets>{listed}</Buckets></ListAllMyBucketsResult>')


def describe(api: DigitalOcean, address: str, **answers: Answer) -> None:
    """Answer the three questions about a bucket; without rules where nothing else is given."""
    measured = Reply(b"", headers={"x-rgw-bytes-used": "5000000000", "x-rgw-object-count": "12"})
    api.on(address, {}, answers.get("head", measured), method="HEAD")
    api.on(address, {"cors": ""}, answers.get("cors", refusal(404, "NoSuchCORSConfiguration")))
    api.on(address, {"lifecycle": ""}, answers.get("lifecycle", refusal(404, "NoSuchLifecycleConfiguration")))


def failure(output: Output) -> tuple[FailureType | None, str]:
    assert output.status(STREAM) == "INCOMPLETE"
    assert SECRET not in "\n".join(output.lines)
    return output.error(STREAM)


def test_buckets_of_every_region_come_with_size_and_rules(api: DigitalOcean) -> None:
    api.on(f"{NYC3}/", {}, buckets("assets"))
    api.on(f"{FRA1}/", {}, buckets("backups"))
    describe(api, f"{NYC3}/assets", cors=xml(f"<CORSConfiguration>{CORS}</CORSConfiguration>"))
    rules = xml(f"<LifecycleConfiguration>{LIFECYCLE}</LifecycleConfiguration>")
    describe(api, f"{FRA1}/backups", lifecycle=rules)

    output = read(STREAM, config=config(regions=["nyc3", "fra1"]))

    by_name = {row["name"]: row for row in output.rows(STREAM)}
    same = {"created_at": CREATED, "size_bytes": 5_000_000_000, "object_count": 12}
    rule = {"id": "web", "allowed_origins": ["https://a.example"], "allowed_methods": ["GET", "PUT"]}
    assets = {"name": "assets", "region": "nyc3", "urn": "do:space:assets", **same}
    assert by_name["assets"] == {**assets, "cors_rules": [{**rule, "max_age_seconds": 300}], "lifecycle_rules": []}
    assert by_name["backups"]["region"] == "fra1"
    assert by_name["backups"]["cors_rules"] == []
    assert by_name["backups"]["lifecycle_rules"] == [
        {
            "id": "old",
            "prefix": "",
            "status": "Enabled",
            "expiration": {"days": 30},
            "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
        }
    ]
    assert output.status(STREAM) == "COMPLETE"
    assert output.warnings() == []


def test_requests_carry_a_signature_and_never_the_token_or_the_secret(api: DigitalOcean) -> None:
    api.on(f"{NYC3}/", {}, buckets("assets"))
    describe(api, f"{NYC3}/assets")

    output = read(STREAM, config=config(), debug=True)

    assert len(api.requests) == 4
    for request in api.requests:
        signed = re.escape(f"AWS4-HMAC-SHA256 Credential={KEY}/") + r"\d{8}/nyc3/s3/aws4_request, SignedHeaders=host;"
        assert re.match(signed, request.headers["Authorization"])
        assert request.headers["User-Agent"].startswith("airbyte-source-digitalocean-quolum/")
        assert token_config()["credentials"]["access_token"] not in str(request)
    assert SECRET not in str(api.requests) + "\n".join(output.lines)
    assert 'Requests made: {"spaces_buckets": 4}' in output.log()


def test_without_a_key_the_stream_is_skipped_in_a_sentence_and_nothing_is_asked(
    api: DigitalOcean, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Not even what signs requests is imported.
    monkeypatch.setitem(sys.modules, "requests_aws4auth", None)

    output = read(STREAM, config=token_config())

    assert output.status(STREAM) == "COMPLETE"
    assert output.rows(STREAM) == []
    (warning,) = output.warnings()
    assert warning.startswith("Stream spaces_buckets is skipped: no Spaces key is configured. Make one")
    assert api.requests == []


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (refusal(403, "InvalidAccessKeyId"), "config_error", f"does not know the key {KEY} (`spaces.access_key`)"),
        (refusal(403, "SignatureDoesNotMatch"), "config_error", f"the secret of the key {KEY} (`spaces.secret_key`)"),
        (refusal(403, "AccessDenied"), "config_error", f"The Spaces key {KEY} may not list the buckets in nyc3"),
        (refusal(403, "RequestTimeTooSkewed"), "config_error", "finds this machine's clock wrong by minutes"),
        (refusal(503, "SlowDown"), "transient_error", "about the list of buckets (HTTP 503, SlowDown: why)"),
        (refusal(400, "InvalidRequest"), "system_error", "refuses the question about the list of buckets"),
        (xml("<html><body>proxy</body></html>"), "transient_error", "answered / with an XML document 'html' instead"),
        (xml("not xml"), "transient_error", "answered / with something that is no XML document"),
        (xml('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'), "transient_error", "an XML document that declares entities"),
    ],
)
def test_what_ends_the_stream_is_told_with_what_to_do(api: DigitalOcean, answer: Reply, kind: str, words: str) -> None:
    api.on(f"{NYC3}/", {}, answer)

    failure_type, message = failure(read(STREAM, config=config(), expect_failure=True))

    assert failure_type == FailureType[kind]
    assert words in message


def test_a_server_that_asks_for_patience_is_asked_again(api: DigitalOcean, clock: Clock) -> None:
    api.on(f"{NYC3}/", {}, refusal(503, "SlowDown"), refusal(429, "TooManyRequests"), buckets())

    output = read(STREAM, config=config())

    assert output.status(STREAM) == "COMPLETE"
    assert len(api.requests) == 3


def test_one_region_that_fails_does_not_cost_the_others(api: DigitalOcean) -> None:
    api.on(f"{NYC3}/", {}, refusal(403, "AccessDenied"))
    api.on(f"{FRA1}/", {}, buckets("backups"))
    describe(api, f"{FRA1}/backups")

    output = read(STREAM, config=config(regions=["nyc3", "fra1"]), expect_failure=True)

    assert [row["name"] for row in output.rows(STREAM)] == ["backups"]
    assert output.status(STREAM) == "INCOMPLETE"


def test_what_the_key_may_not_read_is_unknown_and_not_nothing(api: DigitalOcean) -> None:
    denied = refusal(403, "AccessDenied")
    api.on(f"{NYC3}/", {}, buckets("a", "b"))
    describe(api, f"{NYC3}/a", head=Reply(b"", 403), cors=denied)
    describe(api, f"{NYC3}/b", cors=denied)

    output = read(STREAM, config=config())

    first, second = output.rows(STREAM)
    # This host's messages leave nulls out.
    assert (first.get("size_bytes"), first.get("cors_rules"), first["lifecycle_rules"]) == (None, None, [])
    assert (second["size_bytes"], second.get("cors_rules")) == (5_000_000_000, None)
    cors, size = output.warnings()
    assert f"the Spaces key {KEY} may not read cors_rules of a, b in nyc3, which is null there" in cors
    assert f"the Spaces key {KEY} may not read size_bytes of a in nyc3" in size


@pytest.mark.parametrize("question", ["head", "cors", "lifecycle"])
def test_a_bucket_that_is_deleted_meanwhile_is_left_out(api: DigitalOcean, question: str) -> None:
    api.on(f"{NYC3}/", {}, buckets("gone", "kept"))
    gone: dict[str, Any] = {question: Reply(b"", 404) if question == "head" else refusal(404, "NoSuchBucket")}
    describe(api, f"{NYC3}/gone", **gone)
    describe(api, f"{NYC3}/kept")

    output = read(STREAM, config=config())

    assert [row["name"] for row in output.rows(STREAM)] == ["kept"]
    assert output.status(STREAM) == "COMPLETE"


def test_the_list_of_keys_still_names_the_key_that_is_configured(api: DigitalOcean) -> None:
    """It is an identifier: blanked as a secret, it would be no key of its record any more."""
    api.lists("/v2/spaces/keys", "keys", [{"access_key": KEY, "name": f"for {SECRET}"}])

    output = read("spaces_keys", config=config())

    assert output.rows("spaces_keys") == [{"access_key": KEY, "name": "for [removed]"}]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (buckets(), f"With the Spaces key {KEY} spaces_buckets can be read, too."),
        (refusal(403, "SignatureDoesNotMatch"), "The stream spaces_buckets cannot be read. Spaces in nyc3"),
    ],
)
def test_check_tries_the_key_with_one_request_and_refuses_no_connection_for_it(
    api: DigitalOcean, answer: Reply, words: str
) -> None:
    api.otherwise = lambda request: Reply({}) if request.address.startswith(f"{API}/v2/") else None
    api.on(f"{NYC3}/", {}, answer)
    api.on("/v2/account", {}, {"account": ACCOUNT})

    status = check(config(), "account")

    assert status.status.value == "SUCCEEDED"
    assert words in str(status.message)
    assert api.counts()["/"] == 1
