"""PostgreSQL: one sync at a time in a schema, also when the connection that holds its lock is cut."""

# ruff: noqa: S608 - only numbers are put into statements

from __future__ import annotations

import zlib
from contextlib import suppress
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from warehouse.sync.errors import LockedError, WarehouseError

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

_CLASS = 0x0D0  # the first half of the advisory lock's number; the second is the schema's checksum


class SchemaLock:
    """An advisory lock on a schema, held by a connection of its own from `take` to `close`.

    It is held by a transaction rather than a session, so that it also works behind a transaction pooler.
    """

    def __init__(self, engine: Engine, schema: str, where: str) -> None:
        self._engine = engine
        self._number = zlib.crc32(schema.encode()) - (1 << 31)
        self._where = where
        self._connection: Connection | None = None

    def take(self) -> None:
        """Take the lock; LockedError names the sync that has it."""
        connection = self._engine.connect()
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        taken = connection.exec_driver_sql(f"SELECT pg_try_advisory_xact_lock({_CLASS}, {self._number})").scalar_one()
        if not taken:
            holder = self._holder(connection)
            connection.close()
            raise LockedError(f"{self._where}, is in use by another sync ({holder}): wait until it has ended.")
        self._connection = connection

    def keep(self) -> None:
        """Make sure that the lock is still held; take it again when its connection was cut.

        Raises WarehouseError when another sync has it by now, or when the server does not answer.
        """
        if self._connection is not None:
            try:
                self._connection.exec_driver_sql("SELECT 1")
            except SQLAlchemyError:
                self.close()
            else:
                return
        try:
            self.take()
        except (LockedError, SQLAlchemyError) as error:
            reason = str(getattr(error, "orig", None) or error).strip().split("\n")[0]
            raise WarehouseError(
                f"The connection that held the schema for this sync was cut, and nothing more is written: {reason}"
            ) from None

    def close(self) -> None:
        """Give the lock back; a connection that was cut has done so."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(SQLAlchemyError):
                connection.close()

    def _holder(self, connection: Connection) -> str:
        name = connection.exec_driver_sql(
            "SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory'"
            f" AND granted AND classid = {_CLASS} AND objid::bigint = {self._number % (1 << 32)} LIMIT 1"
        ).scalar_one_or_none()
        return str(name or "unnamed")
