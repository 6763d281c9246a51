"""What can stop a local sync, each kind with the exit code a script can act on."""

from __future__ import annotations

from typing import ClassVar

EXIT_COMPLETE = 0
EXIT_STREAM_FAILED = 1
EXIT_CONFIGURATION = 2
EXIT_LOCKED = 3
EXIT_WAREHOUSE = 4
EXIT_INTERRUPTED = 130


class SyncError(Exception):
    """A failure told to the operator as one sentence; `exit_code` is the exit code of the process."""

    exit_code: ClassVar[int] = EXIT_STREAM_FAILED


class ConnectorError(SyncError):
    """The connector did not do what the Airbyte protocol promises: it crashed, or said nothing usable."""


class ConfigurationError(SyncError):
    """Something the operator wrote is wrong, or the configuration file cannot be kept up to date."""

    exit_code = EXIT_CONFIGURATION


class LockedError(SyncError):
    """Another sync uses the same configuration file or the same warehouse."""

    exit_code = EXIT_LOCKED


class WarehouseError(SyncError):
    """The warehouse cannot be opened or has gone away: no stream can go on."""

    exit_code = EXIT_WAREHOUSE


class StreamRefusedError(SyncError):
    """The warehouse refused the rows of one stream: only that stream ends."""

    exit_code = EXIT_WAREHOUSE
