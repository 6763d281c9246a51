"""A developer's program: PyAirbyte syncs of the connector into DuckDB or PostgreSQL, one for each line of its input.

python -m integration_tests.pyairbyte_sync CONFIG EXECUTABLE FOLDER WAREHOUSE SCHEMA STREAM...
WAREHOUSE is a path or a postgresql:// URL. It prints the number of records that each sync has read.
"""

import json
import sys
from pathlib import Path

import airbyte
from airbyte.caches import DuckDBCache
from sqlalchemy.engine import make_url

from warehouse.sync.postgres_cache import PostgresUrlCache


def main(config: str, executable: str, folder: str, warehouse: str, schema: str, *streams: str) -> None:
    """Check, read, land."""
    if warehouse.startswith("postgresql"):
        cache = PostgresUrlCache.at(make_url(warehouse), schema, Path(folder), "test")
    else:
        cache = DuckDBCache(db_path=Path(warehouse), schema_name=schema)
    source = airbyte.get_source(
        "source-digitalocean-quolum",
        config=json.loads(Path(config).read_text(encoding="utf-8")),
        local_executable=Path(executable),
        streams=list(streams),
    )
    source.check()
    with cache:
        sys.stdout.write(f"\nread: {source.read(cache=cache).processed_records}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    for _ in sys.stdin:
        main(*sys.argv[1:])
