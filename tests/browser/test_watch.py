"""The pages of these tests notice what is wrong: shown on a small site of its own, which does everything wrong."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser

from tests.support.browser import WatchedPage, axe_violations

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src *; require-trusted-types-for 'script'; "
    "trusted-types 'none'"
)
GOOD = (
    "<!doctype html><html lang=en><title>Good</title><link rel=icon href=/icon><main><h1>Good</h1><p>Text</main></html>"
)
PAGES = {
    "/good": GOOD,
    "/inline-script": GOOD + "<script>1</script>",
    "/inline-style": GOOD + "<p style='color: red'>red</p>",
    "/exception": GOOD + "<script src=/throws.js></script>",
    "/sink": GOOD + "<script src=/sink.js></script>",
    "/third-party": GOOD + "<img alt='' src='http://cdn.example/pixel.png'>",
    "/broken-link": GOOD + "<img alt='' src='/nothing.png'>",
    "/unlabelled": GOOD + "<input type=text>",
    "/faint": GOOD + "<link rel=stylesheet href=/faint.css><p>faint</p>",
}
OTHERS = {
    "/icon": ("image/svg+xml", "<svg xmlns='http://www.w3.org/2000/svg'/>"),
    "/throws.js": ("text/javascript", "throw new Error('thrown')"),
    "/sink.js": ("text/javascript", "document.body.innerHTML = '<p>'"),
    "/faint.css": ("text/css", "p { color: #ccc } @media (prefers-color-scheme: dark) { p { color: #000 } }"),
}


class _Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        kind, text = OTHERS.get(self.path, ("text/html", PAGES.get(self.path, GOOD)))
        self.send_response(200 if self.path in PAGES or self.path in OTHERS else 404)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/inline-script", "Content Security Policy directive 'script-src"),
        ("/inline-style", "Content Security Policy directive 'style-src"),
        ("/exception", "exception in a script: thrown"),
        ("/sink", "TrustedHTML"),
        ("/third-party", "request to another origin: http://cdn.example/pixel.png"),
        ("/broken-link", "status of 404"),
    ],
)
def test_what_is_wrong_on_a_page_fails_the_test(browser: Browser, origin: str, path: str, words: str) -> None:
    opened = WatchedPage(browser, origin)
    opened.goto(path)
    opened.page.wait_for_load_state("networkidle")
    with pytest.raises(AssertionError, match=words):
        opened.close()


@pytest.mark.parametrize("path", ["/good", "/not-there"])
def test_a_good_page_and_a_page_that_says_404_are_not_wrong(browser: Browser, origin: str, path: str) -> None:
    opened = WatchedPage(browser, origin)
    assert opened.goto(path) == (200 if path in PAGES else 404)
    opened.page.wait_for_load_state("networkidle")
    opened.close()


def test_axe_finds_a_field_without_a_name_under_a_strict_policy(browser: Browser, origin: str) -> None:
    """axe-core itself violates nothing: it is put in by the debugger's protocol."""
    opened = WatchedPage(browser, origin)
    opened.goto("/good")
    assert axe_violations(opened.page) == []
    opened.goto("/unlabelled")
    assert "label" in {each.split()[0] for each in axe_violations(opened.page)}
    opened.close()


def test_axe_finds_what_is_faint_in_one_theme_only(browser: Browser, origin: str) -> None:
    opened = WatchedPage(browser, origin, theme="dark")
    opened.goto("/faint")
    opened.theme("light")
    assert axe_violations(opened.page, ["color-contrast"])
    opened.close()
