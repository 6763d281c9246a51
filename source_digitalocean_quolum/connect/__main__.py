"""`python -m source_digitalocean_quolum.connect CONFIG.json`, and the console script of the same."""

import sys

from source_digitalocean_quolum.cdk_ext.lean_import import import_cdk


def main() -> int:
    """Connect as cli.py says; the process's exit code."""
    import_cdk()
    from source_digitalocean_quolum.connect import cli  # noqa: PLC0415 (after the CDK was imported as we need it)

    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
