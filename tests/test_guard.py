"""The guard around a real Gradio app: what a foreign page, a stranger's path and an odd request get, and what works."""

import http.client
import os
import re
import socket

import httpx
import pytest
from guarded_app import EVIL, ROOT, app, free_port, has_headers, real_app, upload, web  # noqa: F401

pytestmark = pytest.mark.security


@pytest.fixture(scope="module")
def secret(tmp_path_factory):
    path = tmp_path_factory.mktemp("elsewhere") / "diary.txt"
    path.write_text("SENTINEL-DIARY")
    return path


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{port}",
        "localhost",
        "localhost:1",
        "127.0.0.1.evil.example:{port}",
        "localhost.:{port}",
        "192.168.1.7:{port}",
        "localhost:{port}@evil.example",
        "localhost:{port}, evil.example",
        "[::1",
        "localhost:{port}/",
    ],
)
def test_a_foreign_host_is_refused(web, host):
    for path in ("/", "/config", "/gradio_api/info", "/nothing"):
        response = web.get(path, headers={"Host": host.format(port=web.base_url.port)})
        assert response.status_code == 400 and has_headers(response)
        assert response.text.count("\n") == 1 and "evil" not in response.text


def test_no_host_and_two_hosts_are_refused(app):
    port = httpx.URL(app).port
    for lines in (
        b"GET /config HTTP/1.0\r\n\r\n",
        f"GET /config HTTP/1.1\r\nHost: localhost:{port}\r\nHost: evil.example\r\n\r\n".encode(),
    ):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
            line.sendall(lines)
            assert b" 400 " in line.recv(200)


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "[::1]", "LocalHost"])
def test_its_own_names_are_served(web, name):
    response = web.get("/config", headers={"Host": f"{name}:{web.base_url.port}"})
    assert response.status_code == 200 and has_headers(response)


@pytest.mark.parametrize(
    "origin",
    [
        EVIL,
        "null",
        "http://localhost:1",
        "http://127.0.0.1",
        "file://",
        "",
        "https://huggingface.co",
        "http://127.0.0.1:{port}.evil.example",
        "http://localhost:{port}",
    ],
)
def test_another_page_can_neither_send_nor_read(web, origin):
    origin = origin.format(port=web.base_url.port)  # localhost is not 127.0.0.1, the Host of these requests
    for response in (
        upload(web, Origin=origin),
        web.post("/gradio_api/queue/join", json={"data": ["x"], "fn_index": 0}, headers={"Origin": origin}),
        web.post(
            "/gradio_api/run/count", content='{"data": ["x"]}', headers={"Origin": origin, "Content-Type": "text/plain"}
        ),
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


CLOSED_ROUTES = """
    /gradio_api/deep_link?session_hash=x /gradio_api/deep_link/?session_hash=x
    /gradio_api/DEEP_LINK%0A?session_hash=x /gradio_api/deep%5Flink?session_hash=x /?deep_link=aaaa
    /config?deep_link=aaaa /monitoring /monitoring/ /monitoring%0A /monitoring/summary /monitoring/anything
    /gradio_api/runs /gradio_api/runs/ /gradio_api/run-history/buckets /gradio_api/proxy=https://x.hf.space/
    /docs /redoc /openapi.json /gradio_api/openapi.json /gradio_api/vibe-code /gradio_api/dev/reload
    /gradio_api/profiling/summary /gradio_api/mcp/sse /docs/oauth2-redirect
"""


@pytest.mark.parametrize("path", CLOSED_ROUTES.split())
def test_routes_that_vibejam_never_uses_are_closed(web, path):
    response = web.get(path)
    assert response.status_code == 404 and has_headers(response)
    assert response.text.startswith("There is nothing here")


ADDRESSES = """
    http://127.0.0.1:{port}/config https://example.com/ HTTP://example.com/ http:/example.com
    %20http://example.com/ ftp://example.com/ http%3A%2F%2Fexample.com file:///etc/passwd
    http:%5C%5Cexample.com %0Ahttps://example.com/
"""


@pytest.mark.parametrize("url", ADDRESSES.split())
def test_it_fetches_no_address_for_anyone(web, url):
    for route in ("/gradio_api/file=", "/gradio_api/file/"):
        response = web.get(route + url.format(port=web.base_url.port))
        assert (
            response.status_code == 404 and response.text.startswith("There is nothing here") and has_headers(response)
        )


def test_no_path_leads_out_of_the_uploads(web, secret):
    uploaded = upload(web).json()[0]
    here = os.path.abspath(__file__)
    attempts = [
        "/etc/passwd",
        "//etc/passwd",
        "/etc//passwd",
        "%2Fetc%2Fpasswd",
        "/etc/passwd%00.txt",
        "../../../../../../etc/passwd",
        "..%2f..%2f..%2f..%2fetc%2fpasswd",
        "%252e%252e%252fetc%252fpasswd",
        "..%5c..%5cetc%5cpasswd",
        "/proc/self/environ",
        "C:/Windows/win.ini",
        "C:%5CWindows%5Cwin.ini",
        "%5C%5Chost%5Cshare",
        "pyproject.toml",
        "vibejam/guard.py",
        here,
        "~/.ssh/id_rsa",
        str(secret),
        f"{uploaded}/../../../../../../..{secret}",
        f"{uploaded}/..%2f..%2f..%2f..%2f..{secret}",
        "",
        "/",
        ".",
        "%00",
        os.path.dirname(uploaded),
        os.path.dirname(os.path.dirname(uploaded)),
        f"/dev/fd/../../{secret}",
    ]
    for attempt in attempts:
        for route in ("/gradio_api/file=", "/gradio_api/file/", "/file=", "/static/", "/assets/", "/svelte/"):
            connection = http.client.HTTPConnection(
                "127.0.0.1", web.base_url.port, timeout=20
            )  # sends dots as they are
            connection.request("GET", route + attempt)
            response = connection.getresponse()
            body = response.read()
            connection.close()
            assert response.status >= 400, (route, attempt)
            assert b"root:" not in body and b"SENTINEL" not in body and b"launch_options" not in body
            assert response.getheader("Content-Security-Policy"), (route, attempt)


@pytest.mark.parametrize(
    "path", ["/", "/config", "/theme.css", "/nothing", "/gradio_api/info", "/broken", "/gradio_api/file=/x"]
)
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
        response = web.get(
            path,
            headers={
                "Connection": "Upgrade",
                "Upgrade": "websocket",
                "Origin": origin.rstrip("/"),
                "Sec-WebSocket-Version": "13",
                "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            },
        )
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


def test_the_app_itself_stands_behind_the_guard(real_app):
    address, home = real_app
    with httpx.Client(base_url=address, timeout=30, trust_env=False) as web:
        assert web.get("/").status_code == 200 and has_headers(web.get("/"))
        assert web.get("/", headers={"Host": "evil.example"}).status_code == 400
        assert upload(web, Origin=EVIL).status_code == 403
        for path in ("deep_link?session_hash=x", "runs", "file=http://example.com", "openapi.json"):
            assert web.get(f"/gradio_api/{path}").status_code == 404
        assert web.get("/monitoring/summary").status_code == 404
        files = [
            "/etc/passwd",
            *map(str, (home / "data/me/writing/diary.json", home / "checkpoints/first/run.json", ROOT / "app.py")),
        ]
        for path in files:
            response = web.get(f"/gradio_api/file={path}")
            assert response.status_code in (403, 404) and "SENTINEL" not in response.text
        assert "SENTINEL" not in web.get("/config").text + web.get("/").text + web.get("/gradio_api/info").text


def test_the_security_page_names_only_tests_that_exist():
    page = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").glob("test_*.py"))
    named = re.findall(r"`(test_\w+)`", page)
    files = re.findall(r"`tests/(test_\w+\.py)`", page)
    assert len(named) > 20 and all(f"def {name}(" in tests for name in named), [
        n for n in named if f"def {n}(" not in tests
    ]
    assert all((ROOT / "tests" / name).is_file() for name in files)
