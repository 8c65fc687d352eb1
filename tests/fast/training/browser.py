"""A headless Chromium, asked over a pipe: what a page shows, inside of its components too."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
CHOICES = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--window-size=1400,900",
    "--remote-debugging-pipe",
)


class Page(NamedTuple):
    """What is written on a page, and the lines of its charts."""

    texts: set[str]
    lines: list[str]


class Browser:
    """A browser's end of the pipe: messages are JSON, and end with a zero byte."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self.numbers, self.session = itertools.count(1), ""
        self.writer, self.reader = to_browser, os.fdopen(from_browser, "rb")
        # The page that the browser opened itself: one in the background would draw nothing.
        while not (pages := [t for t in self.ask("Target.getTargets")["targetInfos"] if t["type"] == "page"]):
            time.sleep(0.1)
        self.session = self.ask("Target.attachToTarget", targetId=pages[0]["targetId"], flatten=True)["sessionId"]

    def ask(self, method: str, **parameters: Any) -> Any:
        """Send a command, and wait for its answer."""
        number = next(self.numbers)
        message = {"id": number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.writer, json.dumps(message).encode() + b"\0")
        while True:
            answer = json.loads(self._message())
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return answer["result"]

    def open(self, address: str) -> None:
        """Go to a page; one whose address differs behind the # only wouldn't be loaded anew."""
        self.ask("Page.navigate", url="about:blank")
        self.ask("Page.navigate", url=address)

    def wait_for(self, condition: Callable[[Page], bool], seconds: float = 180) -> None:
        """Wait until what a page shows meets a condition."""
        end = time.monotonic() + seconds
        while not condition(page := self.page()):
            assert time.monotonic() < end, f"the page shows {sorted(page.texts)} only"
            time.sleep(0.5)

    def page(self) -> Page:
        """What is on the page now, inside of its components, too."""
        pending, page = [self.ask("DOM.getDocument", depth=-1, pierce=True)["root"]], Page(set(), [])
        while pending:
            node = pending.pop()
            given = node.get("attributes", ())
            attributes = dict(zip(given[::2], given[1::2], strict=True))
            page.texts.add(node["nodeValue"].strip())
            if node["nodeName"] == "path" and attributes.get("class") == "line":
                page.lines.append(attributes.get("d", ""))
            pending += [*node.get("children", ()), *node.get("shadowRoots", ())]
            pending += [node["contentDocument"]] if "contentDocument" in node else []
        return page

    def _message(self) -> bytes:
        found = bytearray()
        while (byte := self.reader.read(1)) != b"\0":
            assert byte, "the browser has gone"
            found += byte
        return bytes(found)


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """A browser with a profile in a folder, which is closed in the end."""
    assert CHROMIUM is not None
    (browser_reads, we_write), (we_read, browser_writes) = os.pipe(), os.pipe()
    # The browser reads from descriptor 3 and writes to 4: a shell puts them there.
    program = f'exec "$0" "$@" 3<&{browser_reads} 4>&{browser_writes}'
    said = [CHROMIUM, *CHOICES, f"--user-data-dir={folder}", "--window-size=1400,900", "about:blank"]
    process = subprocess.Popen(
        ["bash", "-c", program, *said], pass_fds=(browser_reads, browser_writes), stderr=subprocess.DEVNULL
    )
    os.close(browser_reads)
    os.close(browser_writes)
    asked = None
    try:
        asked = Browser(we_write, we_read)
        yield asked
    finally:
        os.close(we_write)
        if asked:
            asked.reader.close()
        process.terminate()
        process.wait()
