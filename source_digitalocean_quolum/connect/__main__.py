"""`python -m source_digitalocean_quolum.connect CONFIG.json`."""

import sys

from source_digitalocean_quolum.connect.cli import main

if __name__ == "__main__":
    sys.exit(main())
