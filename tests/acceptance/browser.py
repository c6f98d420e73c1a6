"""Headless Chromium, driven by the browser test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from tests.acceptance.engine.webforms import PACKAGES

CHROMIUM, DRIVER = Path("/usr/bin/chromium"), Path("/usr/bin/chromedriver")
SECONDS = 30
_AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
_AXE = """
const done = arguments[arguments.length - 1];
axe.run(document, {runOnly: arguments[0], resultTypes: ["violations"]}).then(({violations}) => done(
  violations.flatMap(({id, nodes}) => nodes.map((node) => `${id}: ${node.target.join(" ")} ${node.html.slice(0, 160)}`))),
  (fault) => done([String(fault)]));
"""


def start(profile: Path, language: str = "zh-CN") -> webdriver.Chrome:
    """A browser with its own profile that makes no requests of its own; the CPU renders WebGL."""
    options = Options()
    options.binary_location = str(CHROMIUM)
    for flag in (
        "--headless=new",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-gpu-compositing",
        "--force-prefers-reduced-motion",
        "--use-gl=angle",
        "--use-angle=swiftshader",
        "--enable-unsafe-swiftshader",
        f"--lang={language}",
        f"--accept-lang={language}",
        f"--user-data-dir={profile}",
        "--window-size=1366,768",
        "--force-device-scale-factor=1",
    ):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(
        options=options, service=Service(str(DRIVER), env={**os.environ, "LANGUAGE": language})
    )
    # The window is 1366×768 less its frame; the page itself shall have that size.
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 1366, "height": 768, "deviceScaleFactor": 1, "mobile": False},
    )
    return browser


class Clerk:
    """Somebody at the browser: goes to pages, clicks, types, waits, takes pictures."""

    def __init__(self, browser: webdriver.Chrome, server: str, pictures: Path) -> None:
        self.browser, self.server, self.pictures = browser, server, pictures
        pictures.mkdir(parents=True, exist_ok=True)

    def go(self, path: str) -> None:
        self.browser.get(self.server + path)

    def wait(self, until: Callable[[webdriver.Chrome], object]) -> object:
        return WebDriverWait(self.browser, SECONDS, poll_frequency=0.1).until(until)

    def find(self, selector: str) -> WebElement:
        """The first such element; waits until there is one."""
        return self.wait(lambda browser: browser.find_elements(By.CSS_SELECTOR, selector))[0]  # type: ignore[index]

    def all(self, selector: str) -> list[WebElement]:
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def click(self, selector: str) -> None:
        """Scroll to the element and click it as a mouse does."""
        element = self.find(selector)
        self.browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def type(self, selector: str, text: str) -> None:
        field = self.find(selector)
        field.clear()
        field.send_keys(text)

    def says(self, text: str) -> None:
        """Wait until the page shows the text."""
        script = "return Boolean(document.body) && document.body.innerText.includes(arguments[0])"
        self.wait(lambda browser: browser.execute_script(script, text))

    def picture(self, name: str, *, whole: bool = False) -> None:
        """A screenshot: of the window, or of the whole page."""
        if not whole:
            self.browser.save_screenshot(str(self.pictures / f"{name}.png"))
            return
        height = self.browser.execute_script("return document.documentElement.scrollHeight")
        metrics = {"width": 1366, "deviceScaleFactor": 1, "mobile": False}
        self.browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride", {**metrics, "height": height}
        )
        self.browser.save_screenshot(str(self.pictures / f"{name}.png"))
        self.browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride", {**metrics, "height": 768}
        )

    @contextmanager
    def as_wide_as(self, width: int, height: int) -> Iterator[None]:
        """Within this block the page has another size, as on a phone."""
        metrics = {"deviceScaleFactor": 1, "mobile": width < 600}
        sizes = ({"width": width, "height": height}, {"width": 1366, "height": 768})
        command = "Emulation.setDeviceMetricsOverride"
        self.browser.execute_cdp_cmd(command, {**sizes[0], **metrics})
        try:
            yield
        finally:
            self.browser.execute_cdp_cmd(command, {**sizes[1], **metrics, "mobile": False})

    def barriers(self) -> list[str]:
        """What axe-core finds on the page against WCAG 2.1 A and AA and good practice: rule and element."""
        if not self.browser.execute_script("return Boolean(window.axe)"):
            source = PACKAGES / "axe-core" / "axe.min.js"
            self.browser.execute_script(source.read_text("utf-8"))
        barriers: list[str] = self.browser.execute_async_script(_AXE, _AXE_RULES)
        return barriers

    def complaints(self) -> list[str]:
        """The errors the browser logged since the last call."""
        return [
            entry["message"]
            for entry in self.browser.get_log("browser")
            if entry["level"] == "SEVERE"
        ]
