"""Somebody who runs Connect in a terminal: starts it, follows the link it prints, and has how it ended."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import requests

from sandbox import Sandbox
from sandbox.browser import walk

_ROOT = Path(__file__).parents[1]
_NAMES = ("DIGITALOCEAN_CLIENT_ID", "DIGITALOCEAN_CLIENT_SECRET")


@dataclass
class Connecting:
    """`source-digitalocean-quolum-connect` as a process, for the length of a `with` block.

    `printed` is what it has written to stdout so far.
    """

    config: Path
    options: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    printed: str = ""
    errors: str = ""

    @classmethod
    def to(cls, sandbox: Sandbox, config: Path, *options: str, public: bool = False, **environment: str) -> Self:
        """Connect to a sandbox, on a free port, as its confidential or its public application."""
        addresses = ("--api-base-url", sandbox.api_base_url, "--oauth-base-url", sandbox.oauth_base_url)
        secret = {} if public else {"DIGITALOCEAN_CLIENT_SECRET": sandbox.client_secret}
        client = {"DIGITALOCEAN_CLIENT_ID": sandbox.public_client_id if public else sandbox.client_id, **secret}
        port = () if "--port" in options else ("--port", "0")
        return cls(config, (*addresses, *port, "--no-browser", *options), {**client, **environment})

    def __enter__(self) -> Self:
        inherited = {name: value for name, value in os.environ.items() if name not in _NAMES}
        self._stderr = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "source_digitalocean_quolum.connect", str(self.config), *self.options],
            cwd=_ROOT,
            env={**inherited, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()
        self._stderr.close()

    def link(self) -> str:
        """The consent page's address; an AssertionError when the command ends before it prints one."""
        assert self._process.stdout
        for line in self._process.stdout:
            self.printed += line
            if found := re.search(r"^\s+(http\S+/authorize\?\S+)$", line):
                return found[1]
        self.ended()
        raise AssertionError(f"no link: {self.printed}{self.errors}")

    def interrupt(self, number: int) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    def ended(self) -> int:
        """Its exit code, when it has ended; what it wrote is in `printed` and `errors`."""
        assert self._process.stdout
        self.printed += self._process.stdout.read()
        code = self._process.wait(60)
        self._stderr.seek(0)
        self.errors = self._stderr.read()
        return code

    def click(self, **choices: Any) -> str:
        """Sign in, decide (see `walk`) and come back; answers the page that Connect shows."""
        return come_back(walk(self.link(), **choices))


def come_back(address: str) -> str:
    """The page at a redirect's address."""
    with requests.Session() as browser:
        browser.trust_env = False
        return browser.get(address, timeout=30).text


def connected(sandbox: Sandbox, config: Path, *options: str, **more: Any) -> Connecting:
    """Connect all the way; the command has ended with exit code 0."""
    with Connecting.to(sandbox, config, *options, **more) as connecting:
        connecting.click()
        assert connecting.ended() == 0, connecting.errors
    return connecting
