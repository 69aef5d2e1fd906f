"""Real Chromium against the app served on loopback; every page visited goes through axe."""

import os
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

CHROMIUM = "/usr/bin/chromium"
SHOTS = Path(__file__).parent / "shots"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture
def address(app: Any) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    app.config["PUBLIC_URL"] = f"http://127.0.0.1:{server.server_port}"
    yield app.config["PUBLIC_URL"]
    server.shutdown()
    thread.join()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not os.path.exists(CHROMIUM):
        pytest.skip("chromium is not installed")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(params=["script", "plain"])
def visit(request: pytest.FixtureRequest, chromium: Any, address: str) -> Iterator[Callable[..., Any]]:
    """`visit(width)` opens a window, with and without JavaScript; `look(page)` judges what it shows."""
    contexts = []

    def open_window(width: int = 1440) -> Any:
        context = chromium.new_context(
            base_url=address,
            viewport={"width": width, "height": 900},
            java_script_enabled=request.param == "script",
            locale="ja-JP",
            timezone_id="Asia/Tokyo",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on(
            "console", lambda message: complaints.append(message.text) if message.type == "error" else None
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    complaints: list[str] = []
    open_window.scripted = request.param == "script"  # type: ignore[attr-defined]  # told to the test
    yield open_window
    for context in contexts:
        context.close()
    assert [said for said in complaints if "status of 4" not in said] == []


def look(page: Any, name: str) -> None:
    """Keep a screenshot, and let axe and the page's width be judged."""
    SHOTS.mkdir(exist_ok=True)
    page.evaluate("scrollTo(0, 0)")  # what sticks to the window stands where a reader first sees it
    width = page.viewport_size["width"]
    page.screenshot(path=SHOTS / f"{re.sub(r'[^a-z0-9_-]', '-', name)}-{width}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} is wider than the window"
    if page.evaluate("matchMedia('(scripting: enabled)').matches"):
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(page)
        assert found.violations_count == 0, f"{name}: {found.generate_report()}"
