"""A real browser: headless Chromium on an empty profile, which talks to loopback only and downloads nothing."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.support.wait import WebDriverWait

CHROMIUM, CHROMEDRIVER = shutil.which("chromium"), shutil.which("chromedriver")
_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    # The sandbox is on loopback, whatever proxy the machine uses for the rest.
    "--no-proxy-server",
]
_PATIENCE_SECONDS = 30


@contextmanager
def chromium(width: int = 760, height: int = 820, *flags: str, logs: bool = False) -> Iterator[WebDriver]:
    """A browser window of this size, closed at the end; with `logs` it keeps its console and what it requests."""
    if not CHROMIUM or not CHROMEDRIVER:
        raise RuntimeError("chromium and chromedriver are not installed")
    with tempfile.TemporaryDirectory() as profile:
        options = Options()
        options.binary_location = CHROMIUM
        for flag in (*_FLAGS, *flags, f"--user-data-dir={profile}", f"--window-size={width},{height}"):
            options.add_argument(flag)
        if logs:
            options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        # The path is given, so that selenium does not look for a driver to download.
        browser = webdriver.Chrome(options=options, service=Service(CHROMEDRIVER))
        try:
            yield browser
        finally:
            browser.quit()


def see(browser: WebDriver, title: str) -> str:
    """Wait until the page's heading contains `title`; answers the text a person reads."""

    def arrived(_: WebDriver) -> bool:
        return any(title in heading.text for heading in browser.find_elements(By.TAG_NAME, "h1"))

    # The page before may go away while it is looked at, for which Chromium has several errors.
    patience = WebDriverWait(browser, _PATIENCE_SECONDS, ignored_exceptions=[WebDriverException])
    patience.until(arrived, f"no heading {title!r}")
    return browser.find_element(By.TAG_NAME, "main").text


def press(browser: WebDriver, label: str) -> None:
    """Click the button with this label."""
    browser.find_element(By.XPATH, f"//button[normalize-space()='{label}']").click()


def choose(browser: WebDriver, label: str) -> None:
    """Click the radio button with this label."""
    browser.find_element(By.XPATH, f'//label[contains(., "{label}")]').click()
