"""Makes the pictures of docs/connecting.md: Connect against the sandbox, in a real browser.

    python -m tools.connect_pictures

Needs Chromium and chromedriver, and the port 8765 free (it is in one of the pictures).
"""

import sys
import tempfile
from pathlib import Path

from selenium.webdriver.remote.webdriver import WebDriver

from integration_tests.chromium import CHROMEDRIVER, CHROMIUM, choose, chromium, press, see
from integration_tests.connecting import Connecting
from sandbox import Sandbox

IMAGES = Path(__file__).parents[1] / "docs" / "images"
_WIDTH, _MARGIN = 640, 48


def main() -> int:
    """Write the pictures; exit code 2 where there is no Chromium."""
    if not CHROMIUM or not CHROMEDRIVER:
        sys.stderr.write("chromium and chromedriver are needed.\n")
        return 2
    IMAGES.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        Sandbox(droplets=3, days=30, seed=3) as sandbox,
        chromium() as browser,
    ):
        config = Path(folder) / "config.json"
        with Connecting.to(sandbox, config, "--port", "8765") as connecting:
            browser.get(connecting.link())
            see(browser, "Sign in")
            _take(browser, "connect-sign-in")
            press(browser, "Sign in")
            see(browser, "wants to read your team")
            _take(browser, "connect-authorize")
            press(browser, "Authorize")
            see(browser, "Connected")
            _take(browser, "connect-done")
            connecting.ended()
        with Connecting.to(sandbox, config, "--port", "8765") as connecting:
            browser.get(connecting.link())
            see(browser, "wants to read your team")
            choose(browser, sandbox.other_team_name)
            press(browser, "Authorize")
            see(browser, "another team")
            _take(browser, "connect-another-team")
            connecting.ended()
    return 0


def _take(browser: WebDriver, name: str) -> None:
    """One picture, as high as the page's card and a margin around it."""
    browser.set_window_size(_WIDTH, 400)
    height = browser.execute_script("return document.querySelector('main').offsetHeight")
    chrome = browser.execute_script("return window.outerHeight - window.innerHeight")
    browser.set_window_size(_WIDTH, height + _MARGIN + chrome)
    path = IMAGES / f"{name}.png"
    browser.save_screenshot(str(path))
    sys.stdout.write(f"{path.relative_to(IMAGES.parents[1])}: {path.stat().st_size} bytes\n")


if __name__ == "__main__":
    sys.exit(main())
