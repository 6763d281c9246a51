"""A server made of nothing but DigitalOcean's OpenAPI document: what a stranger who read it would answer."""

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from integration_tests.openapi_server.specification import SPECIFICATION

_REPOSITORY = Path(__file__).parents[2]


class OpenApiServer:
    """Context manager that runs the server as a process of its own, on loopback.

    `api_base_url` and `token` are there inside the `with` block; every list holds `records` records.
    Raises RuntimeError when the process does not come up.
    """

    def __init__(self, records: int = 3, specification: Path = SPECIFICATION) -> None:
        self._records = records
        self._specification = specification
        self._process: subprocess.Popen[str] | None = None
        self.api_base_url = ""
        self.token = ""

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", __name__, "--records", str(self._records)]
        command += ["--spec", str(self._specification)]
        self._process = subprocess.Popen(command, cwd=_REPOSITORY, stdout=subprocess.PIPE, text=True)
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise RuntimeError(f"The OpenAPI server ended with status {self._process.wait()}.")
        ready = json.loads(line)
        self.api_base_url, self.token = ready["api_base_url"], ready["token"]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()
