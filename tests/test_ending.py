"""Ctrl+C ends the program, whatever is still under way in it or half asked by a page."""

import signal
import socket

import httpx
from guarded_app import ROOT, started

BEGUN = (
    "POST /gradio_api/queue/join HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nExpect: 100-continue\r\n"
    "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n"
)
DEAF = f"""
import signal, sys
sys.path.insert(0, {str(ROOT)!r})
import app
signal.signal(signal.SIGINT, signal.SIG_IGN)
sys.exit(app.main(sys.argv[1:]))
"""
NEVER_ENDING = f"""
import sys, threading
sys.path.insert(0, {str(ROOT)!r})
import app
threading.Thread(target=threading.Event().wait).start()
sys.exit(app.main(sys.argv[1:]))
"""


def test_ctrl_c_ends_the_program_though_a_page_is_in_the_middle_of_asking(tmp_path):
    with started(tmp_path) as (process, address):
        assert httpx.get(address, trust_env=False).status_code == 200
        host = address.removeprefix("http://")
        with socket.create_connection(host.split(":")) as page:
            page.sendall(BEGUN.format(host=host).encode())
            assert page.recv(100).startswith(b"HTTP/1.1 100")  # the program waits for the rest, which never comes
            process.send_signal(signal.SIGINT)
            assert process.wait(300) == 0
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_ctrl_c_ends_the_program_though_something_in_it_never_does(tmp_path):
    with started(tmp_path, ["-c", NEVER_ENDING]) as (process, _):
        process.send_signal(signal.SIGINT)
        assert process.wait(300) == 0


def test_an_interrupt_ends_the_program_though_it_was_begun_in_the_background(tmp_path):
    """What a script begins with & has the interrupt ignored, and Python then leaves it so."""
    with started(tmp_path, ["-c", DEAF]) as (process, _):
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == 0
