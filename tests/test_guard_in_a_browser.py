"""The guard from real pages: vibejam's own page still works, and another page in the same browser gets nothing."""

import functools
import http.server
import shutil
import threading

import httpx
import pytest
from guarded_app import ANSWERED, app, real_app  # noqa: F401

pytestmark = pytest.mark.security


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("NOT RUN: there is no Chromium on this machine, so the guard was not tried from real pages")
    arguments = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--host-resolver-rules=MAP evil.example 127.0.0.1",
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield browser
        browser.close()


@pytest.mark.browser
def test_the_app_asks_no_other_host_for_anything(browser, real_app):
    address, _ = real_app
    page = browser.new_page()
    hosts, refused, complaints = set(), [], []
    page.on(
        "request", lambda request: request.url.startswith("http") and hosts.add(httpx.URL(request.url).netloc.decode())
    )
    page.on("response", lambda response: response.status >= 400 and refused.append((response.status, response.url)))
    page.on("console", lambda message: message.type == "error" and complaints.append(message.text))
    page.goto(address)
    for tab in ("Train", "Sample", "Rewrite", "Write"):
        page.get_by_role("tab", name=tab, exact=True).click()
        page.locator("[role=tab][aria-selected=true]", has_text=tab).wait_for()
    page.wait_for_load_state("load")
    assert hosts == {address.removeprefix("http://")} and not refused and not complaints
    page.close()


@pytest.mark.browser
def test_the_app_s_own_page_works_under_its_policy(browser, app):
    page = browser.new_page()
    complaints, hosts = [], set()
    page.on("console", lambda message: message.type == "error" and complaints.append(message.text))
    page.on(
        "request", lambda request: request.url.startswith("http") and hosts.add(httpx.URL(request.url).netloc.decode())
    )
    page.goto(app)
    page.get_by_label("Textbox").first.fill("hello")
    page.get_by_role("button", name="count").click()
    page.wait_for_function("() => [...document.querySelectorAll('textarea')].some(box => box.value === 'hello 3')")
    page.set_input_files(
        "input[type=file]", files=[{"name": "a.txt", "mimeType": "text/plain", "buffer": b"some words"}]
    )
    page.get_by_text("a.txt").first.wait_for()
    assert not complaints and hosts == {app.removeprefix("http://")}
    kept = page.evaluate("() => JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert "hello" not in kept
    page.close()


@pytest.mark.browser
def test_another_page_in_the_same_browser_gets_nothing(browser, app, tmp_path):
    (tmp_path / "evil.html").write_text(f"""
        <script>fetch("{app}/config", {{mode: "no-cors"}});
        const form = new FormData(); form.append("files", new Blob(["x"]), "x.txt");
        fetch("{app}/gradio_api/upload", {{method: "POST", mode: "no-cors", body: form}});
        fetch("{app}/gradio_api/upload", {{method: "POST", body: form, headers: {{"X-Own": "1"}}}});</script>
        <script src="{app}/gradio_api/info"></script><img src="{app}/theme.css">
        <iframe src="{app}/"></iframe>
        <iframe name="target"></iframe>
        <form action="{app}/gradio_api/queue/join" method="post" target="target"><input name="a" value="b"></form>
        <script>document.forms[0].submit()</script>""")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as evil:
        threading.Thread(target=evil.serve_forever, daemon=True).start()
        page = browser.new_page()
        complaints = []
        page.on("console", lambda message: complaints.append(message.text))
        for origin in (f"http://evil.example:{evil.server_port}", f"http://127.0.0.1:{evil.server_port}"):
            ANSWERED.clear(), complaints.clear()
            page.goto(f"{origin}/evil.html")
            page.wait_for_load_state("networkidle")
            refused = [(method, path) for method, path, status in ANSWERED if status == 403]
            assert set(ANSWERED) - {("GET", "/", 200)} == {
                (*asked, 403) for asked in refused
            }  # the frame's page is then hidden
            assert {("POST", "/gradio_api/upload"), ("POST", "/gradio_api/queue/join"), ("GET", "/config")} <= set(
                refused
            )
            assert any("frame-ancestors" in text for text in complaints)
            assert not any("Textbox" in frame.content() for frame in page.frames if frame != page.main_frame)
        page.close()
        evil.shutdown()


@pytest.mark.browser
def test_a_name_that_was_made_to_point_here_opens_nothing(browser, app):
    page = browser.new_page()
    response = page.goto(app.replace("127.0.0.1", "evil.example"))
    assert response.status == 400 and "not vibejam's own" in page.inner_text("body")
    page.close()
