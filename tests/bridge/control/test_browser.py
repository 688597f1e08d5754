"""A real browser reads the page."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.bridge.control.test_query import Caller, served

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)


@pytest.mark.skipif(CHROMIUM is None, reason="no browser (apt install --no-install-recommends chromium)")
def test_a_browser_shows_each_value_beside_its_address(tmp_path: Path) -> None:
    def play(caller: Caller) -> None:
        caller.desk.write("/continuo/1/voices", 7)
        assert CHROMIUM
        options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}", "--dump-dom"]
        page = f"http://127.0.0.1:{caller.port}/"
        dom = subprocess.run([CHROMIUM, *options, page], capture_output=True, text=True, timeout=100, check=True).stdout
        assert "<td>voices</td><td>7</td><td>1 to 16</td><td>Number of harmony voices</td>" in dom
        assert "<summary>Part 1: " in dom

    served(play)
