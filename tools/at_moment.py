"""Runs the connector by another clock than this machine's: python -m tools.at_moment 2026-11-15T12:00:00Z read …"""

import sys

from freezegun import freeze_time

from source_digitalocean_quolum.cdk_ext.lean_import import import_cdk
from source_digitalocean_quolum.run import run


def main(moment: str, *arguments: str) -> None:
    """One command of the connector, which begins at this moment."""
    # What is imported meanwhile would take the replaced classes for the real ones.
    import_cdk()
    from source_digitalocean_quolum import commands  # noqa: F401, PLC0415

    with freeze_time(moment, tick=True):
        run(list(arguments))


if __name__ == "__main__":
    main(*sys.argv[1:])
