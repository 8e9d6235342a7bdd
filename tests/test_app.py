"""The app as a whole: what programs may call, what visitors of a Space may see, and what never leaves."""

import json
import os
import socket
import subprocess
import sys
from datetime import date
from types import SimpleNamespace

import pytest
from app_hands import ME, ROOT, TINY, give_writing, knobs, nothing_left_running, shown, text_of, trained, until  # noqa: F401
from writing import essay

import app
from pages import look, rewrite, sample, settings, state, train, words, write
from vibejam.errors import UserError
from vibejam.jobs import JOBS
from vibejam.recipe import plan_run
from vibejam.workspace import Workspace, new_visitor


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The app as launched, called over HTTP; its handlers run in this process and see each test's home."""
    blocks = app.build_app()
    port = app.free_port("127.0.0.1", None)
    app.launch(blocks, "127.0.0.1", port)
    yield SimpleNamespace(address=f"http://127.0.0.1:{port}", blocks=blocks)
    blocks.close(verbose=False)


@pytest.mark.security
def test_a_key_in_the_environment_is_said_in_words_and_stands_nowhere_on_the_page(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "SENTINEL-KEY")
    monkeypatch.setenv("VIBEJAM_LLM_MODEL", "some-model")
    said = rewrite.destination_html("", "", "")
    assert "api.openai.com" in said and "Key from the environment ✓" in said
    assert "SENTINEL" not in json.dumps(app.build_app().get_config_file(), default=str) + said
    assert "environment" not in rewrite.destination_html("https://elsewhere.example/v1", "m", "typed-key")
    assert "SENTINEL" not in rewrite.destination_html("https://elsewhere.example/v1", "m", "")


@pytest.mark.security
def test_visitors_of_a_space_never_see_each_other(monkeypatch, home):
    monkeypatch.setenv("SPACE_ID", "someone/vibejam")
    one, other = state.greet(""), state.greet("")
    assert one != other and len(one) == 32 and state.greet(one) == one
    give_writing(one)
    assert Workspace(one).writing() and not Workspace(other).writing() and not Workspace(ME).writing()
    updates = train.begin(one, "", "Quick", "none", *knobs(**TINY))
    until(lambda: JOBS.alive().events)
    name = updates[1]["value"]
    assert not shown(train.opened(other, name)[3]) and shown(train.end(other, name, "stop")[4])
    give_writing(other)
    assert sample.show(other, name)[0]["visible"]
    assert JOBS.alive().alive
    state.forget(one)  # the page was closed: the run ends, everything is deleted
    assert JOBS.alive() is None and not list((home / "data" / "visitors").glob(f"{one}*"))
    assert Workspace(other).writing()


@pytest.mark.security
def test_visitors_of_a_space_wait_in_line_see_their_place_and_may_leave(monkeypatch, home):
    monkeypatch.setenv("SPACE_ID", "someone/vibejam")
    monkeypatch.setattr(settings, "recipe", lambda *_: (tiny_plan(), "I think "))
    first, second, third = (state.greet("") for _ in range(3))
    for visitor in (first, second, third):
        give_writing(visitor)
        updates = train.begin(visitor, "", "Quick", "none")
    until(lambda: JOBS.alive().events)
    name = updates[1]["value"]
    assert "number 2 in line" in text_of(updates[5]) and "number 2" in updates[16] and shown(updates[3])
    assert not shown(updates[10]) and updates[11]["value"] == train.LEAVE and updates[18].active
    assert "already in progress" in train.begin(third, "", "Quick", "none")[4]["value"], "one run each"
    waiting = train.opened(second, "")
    assert "Your run is next" in text_of(waiting[5]) and "visitor" in text_of(waiting[5])
    left = train.end(second, waiting[1]["value"], "stop")
    assert "left the line" in left[4]["value"] and shown(left[2]) and state.run_folders(second) == []
    moved = train.tick(third, name, updates[17])
    assert "Your run is next" in text_of(moved[0]) and "value" not in moved[5], "the one behind moves up"
    assert train.tick(third, name, moved[4]) == train.STILL
    state.forget(first)
    until(lambda: state.own_job(third).events)
    turned = [train.tick(third, name, moved[4])[5] for _ in range(2)]
    assert turned[0] != turned[1] and isinstance(turned[0], str), "each time another, or Gradio hears of no change"
    assert train.tick(third, "gone", "")[5] and shown(train.turn(third, "gone")[2]) and train.turn(third, "gone")[4]["value"]
    running = train.turn(third, name)
    assert shown(running[10]) and running[11]["value"] == train.STOP
    state.forget(third)
    assert JOBS.alive() is None


def tiny_plan():
    return plan_run(20_000, 9, shape={"n_layer": 1, "n_head": 2, "n_embd": 32, "block_size": 32}, train={"batch_size": 4})


def test_on_a_space_only_presets_count_and_nobody_writes_with_the_hosts_key(monkeypatch):
    monkeypatch.setenv("SPACE_ID", "someone/vibejam")
    monkeypatch.setenv("OPENAI_API_KEY", "SENTINEL-KEY")
    monkeypatch.setenv("VIBEJAM_LLM_MODEL", "some-model")
    assert settings.recipe(10_000, "Quick", knobs(minutes="600", n_embd="4096"))[0].train.minutes == 1
    with pytest.raises(UserError, match="your own key"):
        rewrite.writer_for("", "", "")
    assert not any(fn.api_visibility == "public" for fn in app.build_app().fns.values())


def test_a_page_that_the_server_has_forgotten_says_so_instead_of_breaking(monkeypatch):
    monkeypatch.setenv("SPACE_ID", "someone/vibejam")
    for updates in (write.take_pasted("", essay(1)), write.show(""), write.remove_everything("")):
        assert "reload" in updates[5]["value"]
    for updates in (
        train.begin("", "", "Quick", "none", *knobs()),
        train.show("", "x"),
        train.go_on("", "x"),
        train.end("", "x", "stop"),
    ):
        assert "reload" in updates[4]["value"]
    assert sample.show("", None)[0]["visible"]
    assert "reload" in list(sample.stream("", "x", "y", 1, 0, 1, 20, ""))[-1][1]["value"]


def test_a_visitor_is_forgotten_and_the_owner_of_a_laptop_never():
    give_writing()
    state.forget(ME)
    state.forget("")
    assert Workspace(ME).writing()
    with pytest.raises(ValueError):
        Workspace(ME).remove_visitor()
    token = new_visitor()
    give_writing(token)
    state.forget(token)
    assert not Workspace(token).writing()


@pytest.mark.security
def test_only_four_calls_are_public(served):
    public = {fn.api_name for fn in served.blocks.fns.values() if fn.api_visibility == "public"}
    assert public == {"sample", "draft", "rewrite", "score"}


def test_a_program_can_sample_and_rewrite(served):
    from gradio_client import Client

    client = Client(served.address, verbose=False)
    with pytest.raises(Exception, match="no voice yet"):
        client.predict("I think", api_name="/sample")
    name = trained()
    text = client.predict("I think", name, max_new_tokens=20, api_name="/sample")
    assert text and text == client.predict("I think", max_new_tokens=20, api_name="/sample")
    assert client.predict("The boiler broke.", api_name="/rewrite").strip()
    with pytest.raises(Exception, match="no longer here"):
        client.predict("I think", "../../etc", api_name="/sample")


@pytest.mark.security
def test_the_page_is_served_with_nothing_switched_on_that_tells_on_anybody(served):
    config = served.blocks.get_config_file()
    assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False" and not served.blocks.analytics_enabled
    assert served.blocks.run_history is False and not served.blocks.enable_monitoring
    assert not config.get("footer_links")


def test_a_taken_port_is_told_in_one_line_and_the_next_free_one_is_found(capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert app.main(["--port", str(port), "--no-browser"]) == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1 and str(port) in error and "--port" in error
    assert app.main(["--port", "700000", "--no-browser"]) == 2
    assert app.free_port("127.0.0.1", None) >= app.PORT


@pytest.mark.security
@pytest.mark.skipif(os.name != "posix", reason="NOT RUN: elsewhere no address is held by what is closed")
def test_the_port_of_a_program_that_was_killed_is_free_at_once():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as page:
            server.accept()[0].close()  # the program's end goes first, and what is left of the connection holds the address
            assert page.recv(1) == b""
    with socket.socket() as strict, pytest.raises(OSError):
        strict.bind(("127.0.0.1", port))
    assert app.free_port("127.0.0.1", port) == port


def test_analytics_are_off_before_gradio_is_imported():
    code = "import sys; import app; import gradio.analytics as a; print(a.analytics_enabled(), 'gradio' in sys.modules)"
    environment = {name: value for name, value in os.environ.items() if name != "GRADIO_ANALYTICS_ENABLED"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.stdout.split() == ["False", "True"], done.stderr


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(1, "a few seconds"), (12, "about 10 seconds"), (54, "about 55 seconds"), (60, "about a minute"),
     (100, "about 2 minutes"),     (600, "about 10 minutes"), (3600, "about an hour"), (9000, "about 2.5 hours")],
)  # fmt: skip
def test_lengths_of_time_as_people_say_them(seconds, said):
    assert words.span(seconds) == said


def test_runs_are_called_by_their_moment_and_clocks_count_on():
    today = date(2026, 11, 22)
    assert words.run_title("2026-11-22-160512-quick", today) == "today 16:05, quick"
    assert words.run_title("2026-11-22-160512-quick", today, seconds=True) == "today 16:05:12, quick"
    assert words.run_title("2025-03-02-090000", today) == "2 March 2025 09:00"
    assert words.run_title("2026-99-99-999999-x", today) == "2026-99-99-999999-x"
    assert words.run_title("my own name", today) == "my own name"
    assert (words.clock(65), words.clock(3725)) == ("1:05", "1:02:05")
    assert words.count(1, "piece") == "1 piece" and words.count(1204, "piece") == "1,204 pieces"


def test_a_gradio_that_keeps_its_page_elsewhere_starts_all_the_same(monkeypatch):
    from jinja2 import DictLoader

    monkeypatch.setattr(look.templates.env, "loader", DictLoader({}))
    look.begin_with("1")
    monkeypatch.setattr(look.templates.env, "loader", DictLoader({"frontend/index.html": "<head><title>"}))
    look.begin_with("if (1 < 2) '{{'")
    page = look.templates.env.get_template("frontend/index.html").render()
    assert page == "<head><script>if (1 < 2) '{{'</script><title>", "as it is, and first"
