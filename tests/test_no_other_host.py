"""From import to rewrite, no other host is asked for anything: every look-up and every connection is heard, and refused.

What a library does below Python's own sockets is not heard here; the browser's side is in test_browser.py.
"""

import json
import os
import subprocess
import sys
import textwrap

import pytest
from guarded_app import ROOT
from tally import count

pytestmark = pytest.mark.security

WHOLE_WAY = textwrap.dedent(
    """
    import ipaddress, json, sys
    heard, strangers = [], []

    def listen(event, arguments):
        if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
            host = arguments[1][0] if isinstance(arguments[1], tuple) else ""
        elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
            host = arguments[0]
        else:
            return
        heard.append(event)
        host = host.decode() if isinstance(host, bytes) else host
        if host not in (None, "", "localhost", "127.0.0.1", "::1", "0.0.0.0"):
            strangers.append([event, str(host)])
            raise OSError("this test lets nothing out")

    sys.addaudithook(listen)
    sys.path[:0] = [{root!r}, {tests!r}]
    import app
    from caller import Visitor
    from app_hands import TINY, knobs
    from writing import essay
    from vibejam.jobs import JOBS
    from vibejam.workspace import Workspace

    blocks = app.build_app()
    port = app.free_port("127.0.0.1", None)
    app.launch(blocks, "127.0.0.1", port)
    visitor = Visitor(f"http://127.0.0.1:{{port}}")
    for n in range(5):
        visitor.call("take_pasted", None, essay(n))
    print(visitor.call("begin", None, "", "Quick", "none", *knobs(max_iters="6", **TINY)).error, file=sys.stderr)
    while JOBS.alive() is not None:
        JOBS.alive().wait(1) if JOBS.alive() else None
    name = Workspace().runs()[0].name
    visitor.open("Sample"), visitor.open("Rewrite")
    sampled = visitor.press("write-on", None, name, "The gate", 0.8, 0, 0.95, 20, "1")
    rewritten = visitor.press("rewrite", None, name, "paste", "", "", "", "", "It is important to note that it rained.", 1.0, [])
    import http.client
    try:  # the ear itself, or silence would prove nothing
        http.client.HTTPConnection("example.com", timeout=5).connect()
        deaf = True
    except OSError:
        deaf = strangers.pop()[1] != "example.com"
    blocks.close(verbose=False)
    print(json.dumps([len(heard), strangers, deaf, sampled.error + rewritten.error, str(sampled.data) + str(rewritten.data)]))
    """
)


def test_import_launch_train_sample_and_rewrite_ask_no_other_host(home):
    code = WHOLE_WAY.format(root=str(ROOT), tests=str(ROOT / "tests"))
    environment = {name: value for name, value in os.environ.items() if "PROXY" not in name.upper()}
    environment |= {"VIBEJAM_HOME": str(home), "GRADIO_TEMP_DIR": str(home / "uploads")}
    environment.pop("GRADIO_ANALYTICS_ENABLED", None)  # as a person starts it
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    heard, strangers, deaf, error, shown = json.loads(done.stdout.splitlines()[-1])
    count("connections and look-ups heard", heard)
    count("of them to another host", len(strangers))
    assert strangers == [] and not deaf and heard > 10
    assert not error and "rained" in shown, "the whole way was gone"
