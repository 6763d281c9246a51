"""Tests of the warehouse's distribution. Whatever imports from here skips where that distribution is not installed."""

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

if find_spec("airbyte") is None:
    pytest.skip("digitalocean-quolum-warehouse is not installed: it needs Python 3.11 or 3.12", allow_module_level=True)

HOST = Path(sys.executable).with_name("source-digitalocean-quolum-sync")
