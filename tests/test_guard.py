"""The guard around a real Gradio app: what a foreign page, a stranger's path and an odd request get, and what still works."""

import asyncio
import functools
import http.client
import http.server
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from vibejam.guard import Guard, launch_options

ROOT = Path(__file__).resolve().parents[1]
HEADERS = ("content-security-policy", "x-content-type-options", "referrer-policy", "permissions-policy")
EVIL = "http://evil.example"
ANSWERED = []  # (method, path, status) as the server saw it, for what a browser hides


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def secret(tmp_path_factory):
    path = tmp_path_factory.mktemp("elsewhere") / "diary.txt"
    path.write_text("SENTINEL-DIARY")
    return path


@pytest.fixture(scope="module")
def app():
    import gradio as gr

    def count(text):
        for i in range(4):
            time.sleep(0.3)
            yield f"{text} {i}"

    def crash(text):
        raise RuntimeError("SENTINEL-CRASH " + text)

    with gr.Blocks() as demo:
        box, out = gr.Textbox(), gr.Textbox()
        gr.Button("count").click(count, box, out, api_name="count")
        gr.Button("crash").click(crash, box, out, api_name="crash")
        gr.File()
    port = free_port()
    server, _, _ = demo.launch(prevent_thread_lock=True, quiet=True, **launch_options("127.0.0.1", port))

    @server.get("/broken")
    def broken():
        raise RuntimeError("SENTINEL-BROKEN")

    guarded = server.middleware_stack

    async def noted(scope, receive, send):
        async def send_noted(message):
            if message["type"] == "http.response.start":
                ANSWERED.append((scope["method"], scope["path"], message["status"]))
            await send(message)

        await guarded(scope, receive, send_noted)

    server.middleware_stack = noted
    yield f"http://127.0.0.1:{port}"
    demo.close()


@pytest.fixture(scope="module")
def web(app):
    with httpx.Client(base_url=app, timeout=20, trust_env=False) as client:
        yield client


def has_headers(response):
    return all(name in response.headers for name in HEADERS)


def upload(web, **headers):
    return web.post("/gradio_api/upload", files={"files": ("a.txt", b"some words")}, headers=headers)


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:{port}", "localhost", "localhost:1", "127.0.0.1.evil.example:{port}", "localhost.:{port}",
     "192.168.1.7:{port}", "localhost:{port}@evil.example", "localhost:{port}, evil.example", "[::1", "localhost:{port}/"],
)  # fmt: skip
def test_a_foreign_host_is_refused(web, host):
    for path in ("/", "/config", "/gradio_api/info", "/nothing"):
        response = web.get(path, headers={"Host": host.format(port=web.base_url.port)})
        assert response.status_code == 400 and has_headers(response)
        assert response.text.count("\n") == 1 and "evil" not in response.text


def test_no_host_and_two_hosts_are_refused(app):
    port = httpx.URL(app).port
    for lines in (b"GET /config HTTP/1.0\r\n\r\n",
                  f"GET /config HTTP/1.1\r\nHost: localhost:{port}\r\nHost: evil.example\r\n\r\n".encode()):  # fmt: skip
        with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
            line.sendall(lines)
            assert b" 400 " in line.recv(200)


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "[::1]", "LocalHost"])
def test_its_own_names_are_served(web, name):
    response = web.get("/config", headers={"Host": f"{name}:{web.base_url.port}"})
    assert response.status_code == 200 and has_headers(response)


@pytest.mark.parametrize("origin", [EVIL, "null", "http://localhost:1", "http://127.0.0.1", "file://", "", "https://huggingface.co",
                                    "http://127.0.0.1:{port}.evil.example", "http://localhost:{port}"])  # fmt: skip
def test_another_page_can_neither_send_nor_read(web, origin):
    origin = origin.format(port=web.base_url.port)  # localhost is not 127.0.0.1, the Host of these requests
    for response in (
        upload(web, Origin=origin),
        web.post("/gradio_api/queue/join", json={"data": ["x"], "fn_index": 0}, headers={"Origin": origin}),
        web.post("/gradio_api/run/count", content='{"data": ["x"]}', headers={"Origin": origin, "Content-Type": "text/plain"}),
        web.get("/config", headers={"Origin": origin}),
    ):
        assert response.status_code == 403 and has_headers(response)
        assert "access-control-allow-origin" not in response.headers


def test_a_preflight_from_another_page_is_refused_before_gradio_answers_it(web):
    response = web.options("/gradio_api/upload", headers={"Origin": EVIL, "Access-Control-Request-Method": "POST"})
    assert response.status_code == 403 and has_headers(response)
    assert not any(name.startswith("access-control") for name in response.headers)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_browser_that_says_another_site_asked_is_refused(web, site):
    assert upload(web, **{"Sec-Fetch-Site": site}).status_code == 403
    assert upload(web, **{"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"}).status_code == 403  # a form
    assert web.get("/config", headers={"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors"}).status_code == 403
    assert web.get("/", headers={"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"}).status_code == 200  # a link


def test_its_own_page_can_upload_and_read_back(web, app):
    response = upload(web, **{"Origin": app, "Sec-Fetch-Site": "same-origin"})
    assert response.status_code == 200 and has_headers(response)
    path = response.json()[0]
    assert web.get(f"/gradio_api/file={path}").content == b"some words"


def test_a_file_above_the_limit_is_refused(web, monkeypatch):
    from vibejam.guard import LARGEST_UPLOAD

    response = web.post("/gradio_api/upload", files={"files": ("a.txt", b" " * (LARGEST_UPLOAD + 1))})
    assert response.status_code == 413 and has_headers(response)


@pytest.mark.parametrize(
    "path",
    ["/gradio_api/deep_link?session_hash=x", "/gradio_api/deep_link/?session_hash=x", "/gradio_api/DEEP_LINK%0A?session_hash=x",
     "/gradio_api/deep%5Flink?session_hash=x", "/?deep_link=aaaa", "/config?deep_link=aaaa", "/monitoring", "/monitoring/",
     "/monitoring%0A", "/monitoring/summary", "/monitoring/anything", "/gradio_api/runs", "/gradio_api/runs/",
     "/gradio_api/run-history/buckets", "/gradio_api/proxy=https://x.hf.space/", "/docs", "/redoc", "/openapi.json",
     "/gradio_api/openapi.json", "/gradio_api/vibe-code", "/gradio_api/dev/reload", "/gradio_api/profiling/summary",
     "/gradio_api/mcp/sse", "/docs/oauth2-redirect"],
)  # fmt: skip
def test_routes_that_vibejam_never_uses_are_closed(web, path):
    response = web.get(path)
    assert response.status_code == 404 and has_headers(response)
    assert response.text.startswith("There is nothing here")


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:{port}/config", "https://example.com/", "HTTP://example.com/", "http:/example.com", "%20http://example.com/",
     "ftp://example.com/", "http%3A%2F%2Fexample.com", "file:///etc/passwd", "http:%5C%5Cexample.com", "%0Ahttps://example.com/"],
)  # fmt: skip
def test_it_fetches_no_address_for_anyone(web, url):
    for route in ("/gradio_api/file=", "/gradio_api/file/"):
        response = web.get(route + url.format(port=web.base_url.port))
        assert response.status_code == 404 and response.text.startswith("There is nothing here") and has_headers(response)


def test_no_path_leads_out_of_the_uploads(web, secret):
    uploaded = upload(web).json()[0]
    here = os.path.abspath(__file__)
    attempts = [
        "/etc/passwd", "//etc/passwd", "/etc//passwd", "%2Fetc%2Fpasswd", "/etc/passwd%00.txt", "../../../../../../etc/passwd",
        "..%2f..%2f..%2f..%2fetc%2fpasswd", "%252e%252e%252fetc%252fpasswd", "..%5c..%5cetc%5cpasswd", "/proc/self/environ",
        "C:/Windows/win.ini", "C:%5CWindows%5Cwin.ini", "%5C%5Chost%5Cshare", "pyproject.toml", "vibejam/guard.py", here, "~/.ssh/id_rsa",
        str(secret), f"{uploaded}/../../../../../../..{secret}", f"{uploaded}/..%2f..%2f..%2f..%2f..{secret}", "", "/", ".", "%00",
        os.path.dirname(uploaded), os.path.dirname(os.path.dirname(uploaded)), f"/dev/fd/../../{secret}",
    ]  # fmt: skip
    for attempt in attempts:
        for route in ("/gradio_api/file=", "/gradio_api/file/", "/file=", "/static/", "/assets/", "/svelte/"):
            connection = http.client.HTTPConnection("127.0.0.1", web.base_url.port, timeout=20)  # sends dots as they are
            connection.request("GET", route + attempt)
            response = connection.getresponse()
            body = response.read()
            connection.close()
            assert response.status >= 400, (route, attempt)
            assert b"root:" not in body and b"SENTINEL" not in body and b"launch_options" not in body
            assert response.getheader("Content-Security-Policy"), (route, attempt)


@pytest.mark.parametrize("path", ["/", "/config", "/theme.css", "/nothing", "/gradio_api/info", "/broken", "/gradio_api/file=/x"])
def test_every_answer_carries_the_headers(web, path):
    response = web.get(path, headers={"Connection": "close"})  # after a crash the server hangs up
    assert has_headers(response), response.status_code
    assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
    assert "connect-src 'self';" in response.headers["content-security-policy"]
    assert "SENTINEL" not in response.text


def test_a_crash_is_answered_without_its_words(web):
    assert web.get("/broken", headers={"Connection": "close"}).status_code == 500
    event = web.post("/gradio_api/call/crash", json={"data": ["my text"]}).json()["event_id"]
    answer = web.get(f"/gradio_api/call/crash/{event}")
    assert "event: error" in answer.text and "SENTINEL" not in answer.text and "my text" not in answer.text


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "FOO"])
def test_methods_that_vibejam_never_uses_are_refused(web, method):
    response = web.request(method, "/config")
    assert response.status_code == 405 and has_headers(response) and response.headers["allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize("path", ["/", "/gradio_api/queue/data", "/ws", "/queue/join"])
def test_a_web_socket_is_never_opened(web, path):
    for origin in (EVIL, str(web.base_url)):
        response = web.get(path, headers={"Connection": "Upgrade", "Upgrade": "websocket", "Origin": origin.rstrip("/"),
                                          "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="})  # fmt: skip
        assert response.status_code != 101


def test_a_client_of_gradio_still_works(app):
    from gradio_client import Client

    client = Client(app, verbose=False)
    assert client.predict("hello", api_name="/count") == "hello 3"
    pieces = list(client.submit("again", api_name="/count"))
    assert pieces[0] == "again 0" and pieces[-1] == "again 3"


def test_events_arrive_while_they_are_made(web):
    event = web.post("/gradio_api/call/count", json={"data": ["x"]}).json()["event_id"]
    seen = []
    with web.stream("GET", f"/gradio_api/call/count/{event}") as response:
        assert has_headers(response)
        for piece in response.iter_text():
            seen.append(piece)
    assert len(seen) >= 3 and "x 0" in seen[0] and "x 3" not in seen[0]  # not one lump at the end


class TestWhoItAnswersTo:
    """Without a server: the names that each way of starting answers to."""

    @staticmethod
    def status(guard, host, origin=None, method="GET", path="/"):
        sent = []

        async def send(message):
            sent.append(message)

        headers = [(b"host", host.encode())] + ([(b"origin", origin.encode())] if origin else [])
        scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": headers}
        asyncio.run(guard(scope, None, send))
        return sent[0]["status"], dict(sent[0]["headers"])

    @staticmethod
    async def inner(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    def test_the_host_that_was_asked_for(self):
        guard = Guard(self.inner, "my-box.lan", 7860)
        assert self.status(guard, "my-box.lan:7860")[0] == 200
        assert self.status(guard, "other-box.lan:7860")[0] == 400
        assert self.status(Guard(self.inner, "fd00::7", 7860), "[fd00::7]:7860")[0] == 200
        assert self.status(Guard(self.inner, "127.0.0.1", 80), "localhost")[0] == 200

    def test_every_address_answers_to_numbers_and_its_own_name_only(self):
        guard = Guard(self.inner, "0.0.0.0", 7860)
        for host in ("192.168.1.7:7860", "10.0.0.2:8080", "[fd00::7]:7860", "localhost:9000", f"{socket.gethostname().lower()}:7860"):
            assert self.status(guard, host)[0] == 200, host
            assert self.status(guard, host, EVIL, "POST")[0] == 403
            assert self.status(guard, host, f"http://{host}", "POST")[0] == 200
        for host in ("evil.example:7860", "evil.example", "192.168.1.7.evil.example:7860", "", "localhost:1:2", "[evil]:7860"):
            assert self.status(guard, host)[0] == 400, host

    def test_a_space_answers_to_its_own_names_and_is_framed_by_the_hub_only(self, monkeypatch):
        monkeypatch.setenv("SPACE_HOST", "me-vibejam.hf.space,voice.example.org")
        guard = Guard(self.inner, "0.0.0.0", 7860)
        status, headers = self.status(guard, "me-vibejam.hf.space", "https://me-vibejam.hf.space", "POST")
        assert status == 200
        assert headers[b"content-security-policy"].endswith(b"frame-ancestors https://huggingface.co")
        assert self.status(guard, "voice.example.org")[0] == 200
        assert self.status(guard, "localhost:7860")[0] == 200  # Gradio asks itself once when it starts
        assert self.status(guard, "me-vibejam.hf.space", "http://me-vibejam.hf.space", "POST")[0] == 403
        assert self.status(guard, "me-vibejam.hf.space", "https://huggingface.co", "POST")[0] == 403
        assert self.status(guard, "other.hf.space")[0] == 400
        assert self.status(guard, "10.0.0.2:7860")[0] == 400

    def test_a_web_socket_and_a_second_host_are_refused_whatever_server_stands_before(self):
        sent = []

        async def send(message):
            sent.append(message)

        asyncio.run(Guard(None, "127.0.0.1", 7860)({"type": "websocket", "path": "/"}, None, send))
        assert sent == [{"type": "websocket.close", "code": 1008}]
        scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"",
                 "headers": [(b"host", b"localhost:7860"), (b"host", b"evil.example")]}  # fmt: skip
        asyncio.run(Guard(self.inner, "127.0.0.1", 7860)(scope, None, send))
        assert sent[1]["status"] == 400

    def test_both_ways_in_are_guarded_even_where_gradio_starts_no_lifespan(self):
        from starlette.applications import Starlette
        from starlette.routing import Route
        from starlette.testclient import TestClient

        options = launch_options("127.0.0.1", 7860)["app_kwargs"]
        bare = Starlette(routes=[Route("/", lambda request: None)], middleware=options["middleware"])
        assert TestClient(bare).get("/", headers={"Host": "evil.example"}).status_code == 400


def test_ipv6_loopback_is_reachable_under_its_own_name():
    import gradio as gr

    if not socket.has_ipv6 or not os.path.exists("/proc/net/if_inet6"):
        pytest.skip("NOT RUN: this machine has no IPv6")
    with gr.Blocks() as demo:
        gr.Textbox()
    port = free_port()
    demo.launch(prevent_thread_lock=True, quiet=True, **launch_options("::1", port))
    try:
        assert httpx.get(f"http://[::1]:{port}/config", trust_env=False).status_code == 200
        assert httpx.get(f"http://[::1]:{port}/config", headers={"Host": "evil"}, trust_env=False).status_code == 400
    finally:
        demo.close()


def test_the_guard_imports_neither_gradio_nor_torch():
    code = "import sys, vibejam.server; sys.exit(any(m in sys.modules for m in ('gradio', 'torch')))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.fixture(scope="module")
def real_app(tmp_path_factory):
    """vibejam's own app as a person starts it, with a home that holds a secret; its address and the home."""
    home = tmp_path_factory.mktemp("home")
    for place in ("data/me/writing/diary.json", "checkpoints/first/run.json"):
        (home / place).parent.mkdir(parents=True)
        (home / place).write_text('{"text": "SENTINEL-DIARY"}')
    port = free_port()
    command = [sys.executable, "-u", str(ROOT / "app.py"), "--port", str(port), "--no-browser"]
    environment = {**os.environ, "VIBEJAM_HOME": str(home), "OPENAI_API_KEY": "SENTINEL-KEY", "VIBEJAM_LLM_MODEL": "some-model"}
    with (home / "log").open("w") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        while "vibejam is at" not in (home / "log").read_text():
            assert process.poll() is None, (home / "log").read_text()
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}", home
    finally:
        process.terminate()
        process.wait(30)


def test_the_app_itself_stands_behind_the_guard(real_app):
    address, home = real_app
    with httpx.Client(base_url=address, timeout=30, trust_env=False) as web:
        assert web.get("/").status_code == 200 and has_headers(web.get("/"))
        assert web.get("/", headers={"Host": "evil.example"}).status_code == 400
        assert upload(web, Origin=EVIL).status_code == 403
        for path in ("deep_link?session_hash=x", "runs", "file=http://example.com", "openapi.json"):
            assert web.get(f"/gradio_api/{path}").status_code == 404
        assert web.get("/monitoring/summary").status_code == 404
        files = ["/etc/passwd", *map(str, (home / "data/me/writing/diary.json", home / "checkpoints/first/run.json", ROOT / "app.py"))]
        for path in files:
            response = web.get(f"/gradio_api/file={path}")
            assert response.status_code in (403, 404) and "SENTINEL" not in response.text
        assert "SENTINEL" not in web.get("/config").text + web.get("/").text + web.get("/gradio_api/info").text


@pytest.mark.browser
def test_the_app_asks_no_other_host_for_anything(browser, real_app):
    address, _ = real_app
    page = browser.new_page()
    hosts, refused, complaints = set(), [], []
    page.on("request", lambda request: request.url.startswith("http") and hosts.add(httpx.URL(request.url).netloc.decode()))
    page.on("response", lambda response: response.status >= 400 and refused.append((response.status, response.url)))
    page.on("console", lambda message: message.type == "error" and complaints.append(message.text))
    page.goto(address)
    for tab in ("Train", "Sample", "Rewrite", "Write"):
        page.get_by_role("tab", name=tab, exact=True).click()
        page.locator("[role=tab][aria-selected=true]", has_text=tab).wait_for()
    page.wait_for_load_state("load")
    assert hosts == {address.removeprefix("http://")} and not refused and not complaints
    page.close()


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("NOT RUN: there is no Chromium on this machine, so the guard was not tried from real pages")
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--host-resolver-rules=MAP evil.example 127.0.0.1"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield browser
        browser.close()


@pytest.mark.browser
def test_the_app_s_own_page_works_under_its_policy(browser, app):
    page = browser.new_page()
    complaints, hosts = [], set()
    page.on("console", lambda message: message.type == "error" and complaints.append(message.text))
    page.on("request", lambda request: request.url.startswith("http") and hosts.add(httpx.URL(request.url).netloc.decode()))
    page.goto(app)
    page.get_by_label("Textbox").first.fill("hello")
    page.get_by_role("button", name="count").click()
    page.wait_for_function("() => [...document.querySelectorAll('textarea')].some(box => box.value === 'hello 3')")
    page.set_input_files("input[type=file]", files=[{"name": "a.txt", "mimeType": "text/plain", "buffer": b"some words"}])
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
            assert set(ANSWERED) - {("GET", "/", 200)} == {(*asked, 403) for asked in refused}  # the frame's page is then hidden
            assert {("POST", "/gradio_api/upload"), ("POST", "/gradio_api/queue/join"), ("GET", "/config")} <= set(refused)
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


def test_the_security_page_names_only_tests_that_exist():
    page = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").glob("test_*.py"))
    named = re.findall(r"`(test_\w+)`", page)
    files = re.findall(r"`tests/(test_\w+\.py)`", page)
    assert len(named) > 20 and all(f"def {name}(" in tests for name in named), [n for n in named if f"def {n}(" not in tests]
    assert all((ROOT / "tests" / name).is_file() for name in files)
