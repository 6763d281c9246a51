"""Makes the picture of docs/dashboard.md and of the README: a dashboard down to its chart of days, in a real browser.

    python -m tools.dashboard_picture build/dashboard.html

Needs Chromium and chromedriver; `make dashboard` writes the page.
"""

import argparse
import sys
from pathlib import Path

from integration_tests.chromium import CHROMEDRIVER, CHROMIUM, chromium

IMAGE = Path(__file__).parents[1] / "docs" / "images" / "dashboard.png"
_WIDTH, _HEIGHT = 1280, 2400
_LAST = "document.querySelector('#cost .chart').getBoundingClientRect().bottom"


def main(arguments: list[str] | None = None) -> int:
    """Write the picture; exit code 2 where there is no Chromium or no page."""
    parser = argparse.ArgumentParser(description="Make the picture of a dashboard.")
    parser.add_argument("page", type=Path, help="the HTML file that make dashboard has written")
    page = parser.parse_args(arguments).page
    if not CHROMIUM or not CHROMEDRIVER:
        sys.stderr.write("chromium and chromedriver are needed.\n")
        return 2
    if not page.is_file():
        sys.stderr.write(f"There is no page at {page}: make dashboard writes it.\n")
        return 2
    with chromium(_WIDTH, _HEIGHT) as browser:
        browser.get(page.absolute().as_uri())
        height = browser.execute_script(f"return Math.ceil({_LAST}) + window.outerHeight - window.innerHeight")
        browser.set_window_size(_WIDTH, height)
        browser.save_screenshot(str(IMAGE))
    sys.stdout.write(f"{IMAGE.relative_to(IMAGE.parents[2])}: {IMAGE.stat().st_size} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
