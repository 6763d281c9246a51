"""What a client lets out of an account in whose answers secrets were planted, and what it keeps of harmless texts."""

from typing import Any

from integration_tests.connector import Run, configured
from integration_tests.faults.warm import Warm
from sandbox import Sandbox
from sandbox.faults.planting import MARK

# Good answers under the status of an error, and errors: whole bodies, secrets and all.
STATUSES = (200, 201, 203, 206, 207, 400, 404, 409, 418, 422, 451, 500)
_HARMLESS_IN = ("droplets", "volumes", "projects", "invoices", "tags")
# Texts that look like a secret to a hasty reader.
HARMLESS = (
    "token-service",
    "3f786850e387550fdab836ed7e6dc881de23001b",
    "515850a0-a812-50bf-aa3c-d0d21d287e40",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "docker://registry.example/team/app:1.2@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHNhbmRib3hzYW5kYm94c2FuZGJveHNhbmRib3g ops@example.com",
    "SHA256:uNiVztksCsDhcc0u9e8BrrEXAMPLEkVK9dPbJeY0mXg",
    "3b:16:bf:e4:8b:00:8b:b8:59:8c:a9:d3:f0:19:45:fa",
    "https://grafana.example:3000?user=ops@example.com",
    "[link](https://a:80)@team",
    "s3://bucket:key@x",
    "password reset mails",
    "the secret of good tea",
)


def leaks(done: Run) -> list[str]:
    """What of the planted secrets is in anything that a run said, with the text around it."""
    said = done.stdout + done.stderr
    found = [at for at in range(len(said)) if said.startswith(MARK, at)] if MARK in said else []
    return [said[max(0, at - 160) : at + 20] for at in found[:5]]


def read_planted(
    warm: Warm, sandbox: Sandbox, streams: list[dict[str, Any]], seed: int, status: int, *names: str
) -> Run:
    """Read every stream while secrets stand in every answer but that about the account."""
    plant(sandbox, seed, status)
    try:
        return warm.run("read", config=sandbox.config(), catalog=configured(streams, *names))
    finally:
        sandbox.clear_faults()


def plant(sandbox: Sandbox, seed: int, status: int = 200) -> None:
    """Plant secrets in all answers from now on, but that about the account."""
    for path in ("/v2/1", "/v2/add", "/v2/actions", *(f"/v2/{letter}" for letter in "bcdefgiklmnoprstuv"), "/v2/apps"):
        sandbox.fault("planted", path, seed=seed)
        if status != 200:
            sandbox.fault("other_status", path, status=status)


def read_harmless(warm: Warm, sandbox: Sandbox, streams: list[dict[str, Any]]) -> Run:
    """Read some lists while each record has harmless texts in a field that some declare and others do not."""
    sandbox.fault("replace", "/v2/", at="*.*.note_of_tomorrow", value=list(HARMLESS))
    sandbox.fault("replace", "/v2/", at="*.*.description", value="\n".join(HARMLESS))
    try:
        return warm.run("read", config=sandbox.config(), catalog=configured(streams, *_HARMLESS_IN))
    finally:
        sandbox.clear_faults()
