"""The line out of this machine, over real connections: where it goes, what it carries, how much it reads."""

import socket
import threading

import pytest
from endpoint_server import PATIENCE, endpoint, says  # noqa: F401  (a fixture among them)

from vibejam import line
from vibejam.drafts import EndpointWriter, endpoint_for
from vibejam.errors import UserError

pytestmark = pytest.mark.security

KEY = "sk-sentinel-0123456789"
TEXT = "A sentinel note about the harbour in autumn."


def test_the_environment_adds_nothing_to_a_request(endpoint, monkeypatch):
    for name in ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_ADMIN_KEY", "OPENAI_WEBHOOK_SECRET", "OPENAI_API_KEY"):
        monkeypatch.setenv(name, "of-the-environment")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "Authorization: Bearer of-the-environment\nX-Of: of-the-environment")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    EndpointWriter(endpoint.url, "m", KEY).write(TEXT)
    headers = endpoint.asked[0].headers
    headers.pop("content-length")
    assert headers == {
        "host": endpoint.host,
        "authorization": f"Bearer {KEY}",
        "content-type": "application/json",
        "accept": "text/event-stream",
        "user-agent": "vibejam",
    }


def test_localhost_is_reached_on_whichever_address_answers(endpoint):
    assert EndpointWriter(endpoint.url.replace("127.0.0.1", "localhost"), "m", "").write(TEXT).text == "A plain draft."
    assert endpoint.asked[0].headers["host"].startswith("localhost:")


def test_over_https_the_host_must_prove_its_name_though_it_is_called_by_address(monkeypatch):
    """The greeting of TLS names, in the clear, the host whose certificate the client will accept."""
    greetings, real = [], socket.getaddrinfo
    monkeypatch.setattr(  # two addresses, so that the refusal of the second must not hide what the first one did
        socket,
        "getaddrinfo",
        lambda host, *rest, **named: [
            answer
            for address in (("127.0.0.1", "127.0.0.2") if host == "localhost" else (host,))
            for answer in real(address, *rest, **named)
        ],
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet():
            connection, _ = listener.accept()
            with connection:
                greetings.append(connection.recv(65536))

        thread = threading.Thread(target=greet)
        thread.start()
        url = f"https://localhost:{listener.getsockname()[1]}/v1"
        with pytest.raises(UserError, match="^localhost:[0-9]+ could not prove over https"):
            EndpointWriter(url, "m", KEY, retries=0).write(TEXT)
        thread.join(PATIENCE)
    assert b"localhost" in greetings[0]
    assert KEY.encode() not in greetings[0]


def test_an_answer_without_measure_fills_no_memory(endpoint, monkeypatch):
    monkeypatch.setattr(line, "LONGEST_ANSWER", 100_000)
    endpoint.will(says(*["and on " * 1000] * 2000))
    with pytest.raises(UserError, match="broke off"):
        EndpointWriter(endpoint.url, "m", KEY).write(TEXT)
    assert endpoint.hung_up.wait(PATIENCE)


def test_a_name_that_changes_its_answer_gains_nothing(endpoint, monkeypatch):
    """The name is looked up once a connection, and the line goes to an address that was judged in that very look-up."""
    real, looked_up = socket.getaddrinfo, []

    def getaddrinfo(host, port, *rest, **named):
        if host != "rebinding.example":
            return real(host, port, *rest, **named)
        looked_up.append(host)
        address = "127.0.0.1" if len(looked_up) > 1 else "169.254.169.254"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    url = endpoint.url.replace("127.0.0.1", "rebinding.example")
    with pytest.raises(UserError, match="^Nothing is sent to rebinding.example: "):
        EndpointWriter(url, "m", KEY).write(TEXT)
    assert endpoint.asked == [] and looked_up == ["rebinding.example"]
    EndpointWriter(url, "m", KEY).write(TEXT)  # now it means this machine, which is allowed here
    assert len(looked_up) == 2 and endpoint.asked[0].headers["host"].startswith("rebinding.example:")


def test_a_stranger_s_name_that_means_this_machine_is_refused(endpoint, monkeypatch):
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **named: real("127.0.0.1", *rest, **named))
    writer = endpoint_for("https://inside.example/v1", "m", KEY, public=True)
    with pytest.raises(UserError, match="it lies inside a private network"):
        writer.write(TEXT)
