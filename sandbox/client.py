"""`Sandbox`: starts the sandbox as a process, drives it over HTTP and ends it. Standard library only."""

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self
from urllib.request import ProxyHandler, Request, build_opener

from sandbox.browser import authorize, post_form

_ROOT = Path(__file__).parents[1]
_LOOPBACK = build_opener(ProxyHandler({}))


class Sandbox:
    """DigitalOcean on loopback for the length of a `with` block.

    Options are those of the command line: `droplets`, `days`, `seed`, `port`, `rate_limit`, `limit_speed`,
    `latency_ms`, `now`, `token_lifetime`, `insights`, `insights_days`, `insights_without`, `sample_phase`, `waste`
    (`seeded`), `sizes` (a mapping, as in Plan).
    Attributes: `api_base_url`, `oauth_base_url`, `token`, `client_id`, `client_secret`, `public_client_id`,
    `spaces_access_key`, `spaces_secret_key`, `team_uuid`, `team_name`, `other_team_uuid`, `other_team_name` (the second
    team of the same person), `pid`.
    """

    api_base_url: str
    oauth_base_url: str
    token: str
    client_id: str
    client_secret: str
    public_client_id: str
    spaces_access_key: str
    spaces_secret_key: str
    team_uuid: str
    team_name: str
    other_team_uuid: str
    other_team_name: str

    def __init__(self, **options: str | float | dict[str, int]) -> None:
        self._options = options
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "sandbox", "--quiet", "--exit-with-stdin"]
        for name, value in self._options.items():
            text = json.dumps(value) if isinstance(value, dict) else str(value)
            command += ["--" + name.replace("_", "-"), text]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, cwd=_ROOT, stdin=pipe, stdout=pipe, text=True)
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise RuntimeError(f"the sandbox did not start (exit code {self._process.wait(10)})")
        for name, value in json.loads(line).items():
            setattr(self, name, value)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The process id of the running sandbox."""
        if self._process is None:
            raise RuntimeError("the sandbox is not running; use it in a with block")
        return self._process.pid

    def stop(self) -> None:
        """End the process, by SIGKILL if it does not leave in five seconds."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()

    def _command(self, command: str, *, timeout: float = 30, **body: Any) -> dict[str, Any]:
        request = Request(  # noqa: S310 - always http on loopback
            f"{self.api_base_url}/_sandbox/{command}", json.dumps(body).encode(), method="POST"
        )
        with _LOOPBACK.open(request, timeout=timeout) as response:
            answer: dict[str, Any] = json.load(response)
        return answer

    def mint_token(self, scopes: list[str] | None = None) -> str:
        """A new personal access token with these scopes; None means every read scope."""
        return str(self._command("mint_token", scopes=scopes)["token"])

    def revoke(self, token: str) -> None:
        """End an access token at once."""
        self._command("revoke", token=token)

    def connect(self, scopes: str = "read") -> dict[str, str]:
        """Walk the authorization-code flow as a person would; answers the connector's `credentials`.

        `token_expiry_date` is counted on the real clock, which is the one a connector reads.
        """
        redirect_uri = "http://127.0.0.1:8765/callback"
        code = authorize(self.oauth_base_url, self.client_id, redirect_uri, scopes)["code"]
        client = {"client_id": self.client_id, "client_secret": self.client_secret}
        grant = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        token = json.loads(post_form(self.oauth_base_url + "/token", {**grant, **client}))
        expires = datetime.now(UTC) + timedelta(seconds=token["expires_in"])
        return {
            "auth_type": "oauth2.0",
            **client,
            "access_token": token["access_token"],
            "refresh_token": token["refresh_token"],
            "token_expiry_date": expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }

    def config(self, auth: str = "access_token", **extra: Any) -> dict[str, Any]:
        """A whole connector configuration for this sandbox; `auth` is `access_token` or `oauth2.0`."""
        personal = {"auth_type": "access_token", "access_token": self.token}
        return {
            "credentials": personal if auth == "access_token" else self.connect(),
            "api_base_url": self.api_base_url,
            "oauth_base_url": self.oauth_base_url,
            "spaces": self.spaces(),
            **extra,
        }

    def spaces(self, **extra: Any) -> dict[str, Any]:
        """The `spaces` of a connector's configuration: the team's full key, and the regions that have buckets."""
        return {
            "access_key": self.spaces_access_key,
            "secret_key": self.spaces_secret_key,
            "regions": ["nyc3", "fra1"],
            "base_url": f"{self.api_base_url}/spaces/{{region}}",
            **extra,
        }

    def advance(self, seconds: float = 0, days: float = 0) -> str:
        """Move the sandbox's clock forward; answers its new time (RFC 3339)."""
        return str(self._command("advance", seconds=seconds + days * 86400)["now"])

    def load_insights(self, timeout: float = 3600) -> None:
        """Fill every region's Prometheus until now, which for large accounts takes longer than a client waits."""
        self._command("load_insights", timeout=timeout)

    def requests(self, path_prefix: str | None = None) -> list[dict[str, Any]]:
        """Requests received so far, oldest first: time, method, path, query, status, token kind, user agent."""
        found: list[dict[str, Any]] = self._command("requests", path_prefix=path_prefix)["requests"]
        return found

    def reset_requests(self) -> None:
        """Forget the requests received so far."""
        self._command("reset_requests")

    def fault(
        self,
        name: str,
        path: str = "/v2",
        times: int | None = None,
        after: int = 0,
        query: Mapping[str, str] | None = None,
        contains: Mapping[str, str] | None = None,
        above: Mapping[str, int] | None = None,
        **parameters: Any,
    ) -> None:
        """Switch on a fault for paths starting with `path` (or ending there: `$`), `times` times or until cleared.

        `query` narrows it to requests with these parameters, `contains` to those whose parameters hold these texts,
        `above` to those whose parameters are greater; the first `after` of them pass unharmed.
        """
        where: dict[str, Any] = {"path": path, "query": query or {}, "contains": contains or {}, "above": above or {}}
        self._command("fault", name=name, times=times, after=after, parameters=parameters, **where)

    def clear_faults(self) -> None:
        """Switch off every fault and every deletion between pages."""
        self._command("clear_faults")

    def delete(self, resource: str, ids: list[Any]) -> int:
        """Delete resources (`droplets`, `volumes`, ...) by id; answers how many were there."""
        return int(self._command("delete", resource=resource, ids=ids)["deleted"])

    def quirk(self, name: str, **parameters: Any) -> None:
        """Switch on a quirk of metrics (`telemetry/quirks.py` lists them); it stays until cleared."""
        self._command("quirk", name=name, parameters=parameters)

    def clear_quirks(self) -> None:
        """Switch every quirk of metrics off."""
        self._command("clear_quirks")

    def samples(self, urn: str, metric: str, start: float, end: float) -> list[dict[str, Any]]:
        """What was really measured in [start, end] (UNIX seconds), without quirks, lag or a server in between.

        `metric` is a series of Insights (`do.droplets.cpu_time`) or a Monitoring path (`droplet/cpu`). Answers a
        list of `{"labels": {...}, "samples": [[time, number], ...]}`, of which none is empty.
        """
        found: list[dict[str, Any]] = self._command("samples", urn=urn, metric=metric, start=start, end=end)["series"]
        return found

    def reboots(self, urn: str, start: float, end: float) -> list[int]:
        """When a Droplet was rebooted in [start, end] (UNIX seconds)."""
        found: list[int] = self._command("reboots", urn=urn, start=start, end=end)["reboots"]
        return found

    def waste(self) -> list[dict[str, str]]:
        """Which resources cost money and serve nobody, each as `{"rule": ..., "urn": ...}`: the truth."""
        found: list[dict[str, str]] = self._command("waste")["waste"]
        return found

    def patterns(self) -> list[dict[str, str]]:
        """With seeded waste: which Droplets look like waste and are none, each as `{"pattern": ..., "urn": ...}`."""
        found: list[dict[str, str]] = self._command("patterns")["patterns"]
        return found

    def delete_between_pages(self, resource: str, count_per_page: int) -> None:
        """From now on delete this many of the records just served after each page of the resource."""
        self._command("delete_between_pages", resource=resource, count_per_page=count_per_page)

    def bill(self, period: str, cents: int, position: int | None = None, **item: str) -> None:
        """Add cents to the item at a position of a month's bill, or an item with these fields; also if issued."""
        self._command("bill", period=period, cents=cents, position=position, item=item)

    def product(self, name: str, used: bool) -> None:
        """Say whether the team has ever used a product, e.g. `organizations` (at first it has not)."""
        self._command("product", name=name, used=used)

    def account_status(self, status: str, email_verified: bool | None = None, message: str | None = None) -> None:
        """Set the account to `active`, `warning` or `locked`."""
        self._command("account", status=status, email_verified=email_verified, status_message=message)
