"""The app without a browser: every handler as it is called, the calls that programs may make, and what it promises to keep in.

A page's handler is a plain function, so most of these tests need no server.  What only a browser shows is in test_browser.py.
"""

import ast
import functools
import html
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import pytest
from endpoint_server import endpoint, says, says_then_hangs  # noqa: F401
from writing import essay

import app
from pages import chart, progress, rewrite, sample, settings, state, train, words, write
from vibejam.config import SampleConfig, help_for
from vibejam.errors import UserError
from vibejam.files import write_json
from vibejam.jobs import JOBS
from vibejam.workspace import Workspace, new_visitor

ROOT = Path(__file__).resolve().parents[1]
ME = "me"
TINY = {"n_layer": "1", "n_head": "2", "n_embd": "32", "block_size": "32", "batch_size": "4", "evals": "4"}


def knobs(**typed: str) -> list[str]:
    """What the settings hold: empty but for `typed`, in the order the handlers take them."""
    values = ["auto" if name == "tokenizer" else typed.pop(name, "") for _, name in settings.FIELDS]
    assert not typed
    return [*values, "I think "]


def shown(update: dict) -> bool:
    return update["visible"]


def text_of(markup: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", " ", markup))


def give_writing(owner: str = ME, pieces: int = 8) -> None:
    write.take_pasted(owner, essay(100))
    for n in range(pieces):
        write.take_pasted(owner, essay(n))


def until(condition, seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.05)


@functools.cache
def finished_run() -> Path:
    """A tiny run, trained once for all tests through the page's own handler."""
    give_writing()
    updates = train.begin(ME, "", "Quick", *knobs(max_iters="12", **TINY))
    assert not shown(updates[4]), updates[4]["value"]
    job = JOBS.alive()
    assert job.wait(120) and job.status == "done", job.error
    return Path(shutil.copytree(job.folder, Path(tempfile.mkdtemp()) / "2026-11-22-160512-quick"))


def trained() -> str:
    """The name of a finished run in this test's home, as one that an earlier start of the program left there."""
    run = finished_run()
    give_writing()
    for folder in Workspace(ME).runs():  # the one that made it, if this test was the first
        shutil.rmtree(folder)
    shutil.copytree(run, Workspace(ME).runs_folder / run.name)
    return run.name


@pytest.fixture(autouse=True)
def nothing_left_running():
    yield
    job = JOBS.alive()
    if job is not None:
        job.stop()
        job.wait(60)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The app as launched, for the tests that call it over HTTP; handlers run in this process and see each test's home."""
    blocks = app.build_app()
    port = app.free_port("127.0.0.1", None)
    app.launch(blocks, "127.0.0.1", port)
    yield SimpleNamespace(address=f"http://127.0.0.1:{port}", blocks=blocks)
    blocks.close(verbose=False)


# Write


def test_files_are_read_into_the_workspace_and_the_uploaded_copies_are_deleted(tmp_path):
    paths = []
    for name, data in {"a.txt": essay(1).encode(), "picture.png": b"\x89PNG\r\n\x1a\n" + bytes(200)}.items():
        (tmp_path / name.replace(".", "-")).mkdir()
        path = tmp_path / name.replace(".", "-") / name
        path.write_bytes(data)
        paths.append(str(path))
    updates = write.take_files(ME, paths)
    assert [entry.document.source for entry in Workspace(ME).writing()] == ["a.txt"]
    assert not any(Path(path).parent.exists() for path in paths)
    report = text_of(updates[4]["value"])
    assert "Read 1 piece" in report and "picture.png: a picture" in report.replace(" :", ":")
    assert updates[0]["value"] is None  # the drop zone is free again


def test_every_nasty_file_is_read_or_refused_with_a_reason(shared_corpora, tmp_path):
    paths = []
    for source in sorted((shared_corpora / "nasty").iterdir()):
        if source.is_file() and source.suffix not in (".py", ".sh"):
            path = tmp_path / source.name
            path.write_bytes(source.read_bytes())
            paths.append(str(path))
    report = text_of(write.take_files(ME, paths)[4]["value"])
    assert Workspace(ME).writing()
    assert "empty.txt" in report and "Traceback" not in report and "Error" not in report


def test_pasted_writing_is_kept_and_what_could_not_be_used_stays_in_the_box():
    updates = write.take_pasted(ME, essay(3))
    assert updates[1]["value"] == "" and len(Workspace(ME).writing()) == 1
    updates = write.take_pasted(ME, "   ")
    assert "value" not in updates[1] and shown(updates[4]) and len(Workspace(ME).writing()) == 1


def test_a_piece_given_twice_counts_once_and_the_page_says_so():
    write.take_pasted(ME, essay(3))
    report = text_of(write.take_pasted(ME, essay(3))[4]["value"])
    assert "here already" in report and len(Workspace(ME).writing()) == 1


def test_the_sample_writing_is_one_click_and_offered_only_while_there_is_none():
    assert shown(write.show(ME)[2]) and not shown(write.show(ME)[3])
    updates = write.take_sample(ME)
    assert len(Workspace(ME).writing()) == len(list((ROOT / "assets/sample").glob("*.txt"))) > 20
    assert not shown(updates[2]) and shown(updates[3])
    assert "words" in text_of(updates[5]) and 'role="meter"' in updates[5]


def test_removing_one_piece_removes_that_one_and_an_unknown_one_is_told():
    give_writing(pieces=2)
    first = Workspace(ME).writing()[0]
    write.remove_piece(ME, gr.EventData(None, {"id": first.id}))
    assert first.id not in {entry.id for entry in Workspace(ME).writing()} and len(Workspace(ME).writing()) == 2
    updates = write.remove_piece(ME, gr.EventData(None, {"id": "../../etc/passwd"}))
    assert "no longer here" in updates[4]["value"] and len(Workspace(ME).writing()) == 2
    write.remove_everything(ME)
    assert Workspace(ME).writing() == []


def test_what_people_wrote_is_text_on_the_page_and_never_code():
    evil = '<img src=x onerror="alert(1)"> ${alert(2)} {{lookup this "constructor"}} </p><script>alert(3)</script> ' + essay(2)
    write.take_pasted(ME, evil)
    listing = write.show(ME)[6]
    assert "<img" not in listing and "<script" not in listing and "&lt;img" in listing
    assert "<b>x" not in write.report_html(0, 0, [SimpleNamespace(source="<b>x", reason="<i>")])
    for page in (sample.page_html("<i>", "<b>"), rewrite.right_html("n", "<b>"), rewrite.changes_html("<b> a", "<i> a")):
        assert "<b>" not in page.replace("<b>", "", 0) or "&lt;b&gt;" in page


@pytest.mark.parametrize("characters", [0, 100, 20_000, 99_000, 300_000, 5_000_000])
def test_the_meter_never_runs_over_and_never_back(characters):
    assert 0 <= write.fullness(characters) <= 100
    assert write.fullness(characters) <= write.fullness(characters + 1000)


# Train


def test_without_writing_the_page_says_what_is_missing():
    updates = train.opened(ME, "")
    assert shown(updates[0]) and not shown(updates[2]) and not shown(updates[3])
    updates = train.begin(ME, "", "Quick", *knobs())
    assert shown(updates[4]) and "add" in text_of(updates[4]["value"]).lower() and not Workspace(ME).runs()


def test_a_run_goes_from_start_to_done_and_every_page_sees_it():
    give_writing()
    updates = train.begin(ME, "", "Quick", *knobs(max_iters="15", **TINY))
    name = updates[1]["value"]
    assert updates[-1].active and shown(updates[3]) and shown(updates[10]) and shown(updates[11])
    JOBS.alive().wait(120)
    elsewhere = train.opened(ME, "")  # a page opened later, which knows nothing of the run
    assert elsewhere[1]["value"] == name and "Done" in elsewhere[5] and "bits per byte" in elsewhere[5]
    drawn = json.loads(elsewhere[6])
    assert drawn["unit"] == "bits per byte" and len(drawn["held"]["x"]) >= 4 and len(drawn["learnt"]["x"]) == 15
    assert [s["text"] for s in json.loads(elsewhere[7])["samples"]] and not elsewhere[-1].active
    assert shown(elsewhere[8]) and elsewhere[8]["variant"] == "primary" and not shown(elsewhere[9])


def test_a_tick_brings_nothing_when_nothing_is_new_and_only_the_curve_while_learning():
    name = trained()
    stamp = train.show(ME, name)[-2]
    assert all(update == gr.skip() for update in train.tick(ME, name, stamp))
    parts = stamp.split("\n")
    brought = train.tick(ME, name, "\n".join([*parts[:2], "0", *parts[3:]]))
    assert [i for i, update in enumerate(brought) if update != gr.skip()] == [5, 6, 7, 15]


def test_a_second_run_is_refused_in_one_sentence_and_leaves_no_folder(home):
    give_writing()
    train.begin(ME, "", "Quick", *knobs(minutes="5", **TINY))
    until(lambda: JOBS.alive().events)
    before = set((home / "checkpoints").iterdir())
    updates = train.begin(ME, "", "Quick", *knobs())
    assert "already in progress" in updates[4]["value"] and set((home / "checkpoints").iterdir()) == before


def test_pause_stop_resume_and_train_longer_are_offered_when_they_can_be_done():
    give_writing()
    name = train.begin(ME, "", "Quick", *knobs(minutes="5", **TINY))[1]["value"]
    job = JOBS.alive()
    until(lambda: len(job.events) > 5)
    train.end(ME, name, "pause")
    assert job.wait(60)
    updates = train.opened(ME, name)
    assert "Paused" in updates[5] and shown(updates[9]) and updates[9]["variant"] == "primary" and not shown(updates[12])
    steps = len(json.loads(updates[6])["learnt"]["x"])
    train.go_on(ME, name)
    job = JOBS.alive()
    until(lambda: len(job.events) > steps + 3)
    train.end(ME, name, "stop")
    assert job.wait(60)
    updates = train.opened(ME, name)
    assert "Stopped" in updates[5] and shown(updates[8]) and updates[8]["variant"] == "primary" and shown(updates[9])
    assert [event["iteration"] for event in job.events] == sorted({event["iteration"] for event in job.events})


def test_a_finished_run_can_learn_as_long_again():
    name = trained()
    assert shown(train.show(ME, name)[12])
    train.go_on(ME, name, 2.0)
    job = JOBS.alive()
    assert job.wait(120) and job.status == "done", job.error
    assert job.events[-1]["iteration"] == 24


def test_a_run_that_a_crash_ended_is_offered_as_interrupted():
    name = trained()
    folder = Workspace(ME).run(name)
    run = json.loads((folder / "run.json").read_text()) | {"status": "running"}
    write_json(folder / "run.json", run)
    updates = train.opened(ME, "")
    assert "Interrupted" in updates[5] and shown(updates[9]) and updates[9]["variant"] == "primary"


def test_a_damaged_run_is_shown_and_breaks_nothing(home):
    folder = home / "checkpoints" / "broken"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text('{"text": "not what it was", "settings": [1], "status": 7}')
    (folder / "metrics.jsonl").write_text('{"iteration": 3}\n{"iteration": 4, "seconds": "x"}\nnot json\n')
    assert len(train.opened(ME, "")) == len(train.NOTHING)
    assert shown(train.go_on(ME, "broken")[4])
    (folder / "run.json").write_text("{")
    assert len(train.opened(ME, "")) == len(train.NOTHING)


def test_a_run_is_deleted_with_all_it_holds_but_not_while_it_learns():
    name = trained()
    folder = Workspace(ME).run(name)
    train.remove(ME, "")  # thought better of it
    assert folder.exists()
    train.remove(ME, name)
    assert not folder.exists()
    assert "no longer here" in train.remove(ME, "../data")[4]["value"]
    name = train.begin(ME, "", "Quick", *knobs(minutes="5", **TINY))[1]["value"]
    until(lambda: JOBS.alive().events)
    assert "still in progress" in train.remove(ME, name)[4]["value"]


def test_every_setting_has_its_sentence_and_an_empty_one_shows_what_the_preset_plans():
    with gr.Blocks():
        made = settings.knobs()
    assert len(made) == len(settings.FIELDS) + 1 and all(component.info for component in made)
    assert [component.info for component in made[:-1]] == [help_for(config, name) for config, name in settings.FIELDS]
    give_writing()
    *_, last = settings.speed_sentence(ME, "Quick", *knobs(max_iters="5", **TINY))
    first = next(settings.speed_sentence(ME, "Quick", *knobs(max_iters="5", **TINY)))
    planned = dict(zip((name for _, name in settings.FIELDS), first[1:]))
    assert planned["n_layer"]["placeholder"] == "1" and planned["max_iters"]["placeholder"] == "5"
    assert "tokens a second" in last[0] and "On this machine" in last[0]


@pytest.mark.parametrize(
    ("typed", "said"),
    [({"n_embd": "100", "n_head": "3"}, "n_embd"), ({"lr": "fast"}, "Learning rate"), ({"n_layer": "2.5"}, "whole number"),
     ({"minutes": "inf"}, "number"), ({"minutes": "-1"}, "minutes"), ({"val_fraction": "2"}, "val_fraction")],
)  # fmt: skip
def test_settings_that_make_no_sense_are_told_in_one_sentence(typed, said):
    with pytest.raises(UserError) as error:
        settings.recipe(100_000, "Quick", knobs(**typed))
    assert said in str(error.value) and "\n" not in str(error.value)


def test_a_preset_lasts_as_long_as_it_says_unless_told_otherwise():
    assert settings.recipe(10_000, "Quick", knobs())[0].train.minutes == 1
    assert settings.recipe(10_000, "Better", knobs())[0].train.minutes == 10
    assert settings.recipe(10_000, "no such preset", knobs())[0].train.minutes == 1
    steps = settings.recipe(10_000, "Better", knobs(max_iters="7"))[0].train
    assert (steps.minutes, steps.max_iters) == (0, 7)


def test_a_long_curve_stays_small_and_in_bits_per_byte():
    events = [
        {"iteration": i, "progress": i / 20_000, "train_loss": 2.0, "tokens_per_second": 1.0, "seconds": i / 10}
        | ({"val_loss": 2.0, "val_bits_per_byte": 1.5, "best": True, "sample": "I think so"} if i % 1000 == 0 else {})
        for i in range(1, 20_001)
    ]
    drawn = json.loads(chart.curve(events, {"text": {"bytes_per_token": 2.0}}, alive=False))
    assert len(drawn["learnt"]["x"]) + len(drawn["held"]["x"]) <= 1000
    assert drawn["learnt"]["y"][0] == pytest.approx(2.0 / 0.6931 / 2.0, abs=1e-3)
    assert drawn["learnt"]["x"][-1] == pytest.approx(2000, rel=0.01) and drawn["held"]["y"] == [1.5] * 20
    assert json.loads(chart.curve([], {}, alive=True))["learnt"]["x"] == []
    assert json.loads(chart.samples(events, "I think "))["samples"][0]["text"] == "so"


# Sample


def test_a_voice_writes_in_pieces_and_says_how_much_it_copied():
    name = trained()
    pages = list(sample.stream(ME, name, "The gate", 0.8, 0, 0.95, 40, "1"))
    assert "The gate" in text_of(pages[0][0]) and shown(pages[0][3])
    assert re.search(r"\d+ tokens?, [\d,]+ a second", pages[-1][0]) and "copied from your writing" in pages[-1][0] and not shown(pages[-1][3])
    again = list(sample.stream(ME, name, "The gate", 0.8, 0, 0.95, 40, "1"))
    body = re.compile(r'<span class="voice">(.*?)</span>', re.DOTALL)
    assert body.search(again[-1][0])[1] == body.search(pages[-1][0])[1] != ""


@pytest.mark.parametrize("dice", [(-1, 0, 0.9, 20, ""), (1, 0, 0, 20, ""), (1, 0, 0.9, 20, "seven"), (None, 0, 0.9, 20, "")])
def test_impossible_dice_and_missing_voices_are_one_quiet_sentence(dice):
    name = trained()
    for page in (list(sample.stream(ME, name, "x", *dice))[-1], list(sample.stream(ME, "no-such", "x", 1, 0, 1, 20, ""))[-1]):
        assert shown(page[1]) and shown(page[2]) and not shown(page[3]) and "Traceback" not in page[1]["value"]


def test_without_a_voice_sample_and_rewrite_lead_to_training():
    for page in (sample.show(ME, None), rewrite.show(ME, None)):
        assert shown(page[0]) and not shown(page[1])


def test_a_loaded_voice_is_kept_until_its_weights_change():
    name = trained()
    folder = Workspace(ME).run(name)
    first = state.engine(folder)
    assert state.engine(folder) is first
    os.utime(folder / "model.safetensors", ns=(1, 1))
    assert state.engine(folder) is not first


# Rewrite


def test_a_pasted_draft_is_rewritten_beside_itself_with_what_changed():
    name = trained()
    steps = list(rewrite.stream(ME, name, "paste", "", "", "", "", "The boiler broke at nine.", 0.8, 0, 0.95, "1"))
    last = steps[-1]
    assert 'data-copy=""' in last[2] and "<ins>" in last[3] and "<del>" in last[3] and shown(last[5])
    assert name in steps[0][2] or name in last[2]
    assert all("sent to" not in str(step) for step in steps)


def test_the_diff_keeps_both_texts_word_for_word():
    draft, after = "The boiler broke & nobody came.", "The boiler broke again & nobody rang."
    body = re.search(r'<p class="read">(.*)</p>', rewrite.changes_html(draft, after), re.DOTALL)[1]
    assert html.unescape(re.sub(r"<ins>.*?</ins>|</?del>", "", body)) == draft
    assert html.unescape(re.sub(r"<del>.*?</del>|</?ins>", "", body)) == after


def test_an_empty_draft_is_told_and_changes_nothing():
    name = trained()
    last = list(rewrite.stream(ME, name, "paste", "", "", "", "", "  ", 0.8, 0, 0.95, ""))[-1]
    assert "nothing to rewrite" in last[4]["value"] and shown(last[5])


def test_an_instruction_is_drafted_by_the_endpoint_and_rewritten_here(endpoint):  # noqa: F811
    name = trained()
    endpoint.will(says("The boiler ", "is broken."))
    where = text_of(rewrite.destination_html(endpoint.url, "some-model", ""))
    assert endpoint.host in where and "some-model" in where and not endpoint.asked  # said before anything is sent
    steps = list(rewrite.stream(ME, name, "ask", "Complain.", endpoint.url, "some-model", "", "", 0.8, 0, 0.95, "1"))
    assert [step[0] for step in steps if isinstance(step[0], str)][-1] == "The boiler is broken."
    assert endpoint.host in str(steps) and "<ins>" in steps[-1][3]
    assert endpoint.asked[0].body["messages"][-1]["content"] == "Complain."


def test_nothing_is_sent_when_the_voice_is_missing(endpoint):  # noqa: F811
    last = list(rewrite.stream(ME, "gone", "ask", "Complain.", endpoint.url, "m", "", "", 0.8, 0, 0.95, ""))[-1]
    assert shown(last[4]) and not endpoint.asked


def test_leaving_the_page_hangs_up_on_the_endpoint(endpoint):  # noqa: F811
    name = trained()
    endpoint.will(says_then_hangs("A draft"))
    steps = rewrite.stream(ME, name, "ask", "Complain.", endpoint.url, "m", "", "", 0.8, 0, 0.95, "")
    next(steps)
    next(steps)
    steps.close()
    assert endpoint.hung_up.wait(20)


def test_a_key_in_the_environment_is_said_in_words_and_stands_nowhere_on_the_page(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "SENTINEL-KEY")
    monkeypatch.setenv("VIBEJAM_LLM_MODEL", "some-model")
    said = rewrite.destination_html("", "", "")
    assert "api.openai.com" in said and "Key from the environment ✓" in said
    assert "SENTINEL" not in json.dumps(app.build_app().get_config_file(), default=str) + said
    assert "environment" not in rewrite.destination_html("https://elsewhere.example/v1", "m", "typed-key")
    assert "SENTINEL" not in rewrite.destination_html("https://elsewhere.example/v1", "m", "")


# a Space


def test_visitors_of_a_space_never_see_each_other(monkeypatch, home):
    monkeypatch.setenv("SPACE_ID", "someone/vibejam")
    one, other = state.greet(""), state.greet("")
    assert one != other and len(one) == 32 and state.greet(one) == one
    give_writing(one)
    assert Workspace(one).writing() and not Workspace(other).writing() and not Workspace(ME).writing()
    updates = train.begin(one, "", "Quick", *knobs(**TINY))
    until(lambda: JOBS.alive().events)
    name = updates[1]["value"]
    assert not shown(train.opened(other, name)[3]) and shown(train.end(other, name, "stop")[4])
    give_writing(other)
    assert "Another visitor" in train.begin(other, "", "Quick", *knobs())[4]["value"]
    assert sample.show(other, name)[0]["visible"]
    assert JOBS.alive().alive
    state.forget(one)  # the page was closed: the run ends, everything is deleted
    assert JOBS.alive() is None and not list((home / "data" / "visitors").glob(f"{one}*"))
    assert Workspace(other).writing()


def test_on_a_space_only_presets_count_and_nobody_writes_with_the_hosts_key(monkeypatch):
    monkeypatch.setenv("SPACE_ID", "someone/vibejam")
    monkeypatch.setenv("OPENAI_API_KEY", "SENTINEL-KEY")
    monkeypatch.setenv("VIBEJAM_LLM_MODEL", "some-model")
    assert settings.recipe(10_000, "Quick", knobs(minutes="600", n_embd="4096"))[0].train.minutes == 1
    with pytest.raises(UserError, match="your own key"):
        rewrite.writer_for("", "", "")
    assert not any(fn.api_visibility == "public" for fn in app.build_app().fns.values())


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


# the whole app


def test_only_two_calls_are_public(served):
    public = {fn.api_name for fn in served.blocks.fns.values() if fn.api_visibility == "public"}
    assert public == {"sample", "rewrite"}


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


def test_the_engine_knows_no_gradio_and_the_pages_no_torch():
    def imports(path: Path) -> set[str]:
        found = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.split(".")[0])
        return found

    assert not [path for path in (ROOT / "pages").glob("*.py") if "torch" in imports(path)]
    assert not [path for path in (ROOT / "vibejam").rglob("*.py") if imports(path) & {"gradio", "pages"}]


def test_analytics_are_off_before_gradio_is_imported():
    code = "import os, sys; import app; import gradio.analytics as a; print(a.analytics_enabled(), 'gradio' in sys.modules)"
    environment = {name: value for name, value in os.environ.items() if name != "GRADIO_ANALYTICS_ENABLED"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.stdout.split() == ["False", "True"], done.stderr


# words


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(1, "a few seconds"), (12, "about 10 seconds"), (54, "about 55 seconds"), (60, "about a minute"), (100, "about 2 minutes"),
     (600, "about 10 minutes"), (3600, "about an hour"), (9000, "about 2.5 hours")],
)  # fmt: skip
def test_lengths_of_time_as_people_say_them(seconds, said):
    assert words.span(seconds) == said


def test_runs_are_called_by_their_moment_and_clocks_count_on():
    today = date(2026, 11, 22)
    assert words.run_title("2026-11-22-160512-quick", today) == "today 16:05, quick"
    assert words.run_title("2025-03-02-090000", today) == "2 March 2025 09:00"
    assert words.run_title("2026-99-99-999999-x", today) == "2026-99-99-999999-x"
    assert words.run_title("my own name", today) == "my own name"
    assert (words.clock(65), words.clock(3725)) == ("1:05", "1:02:05")
    assert words.count(1, "piece") == "1 piece" and words.count(1204, "piece") == "1,204 pieces"


def test_every_phase_of_a_run_has_its_word(tmp_path):
    for status in ("preparing", "running", "stopping", "done", "paused", "stopped", "failed", "interrupted"):
        said = progress.status_html(state.Run(tmp_path, status, "It broke off because of this.", [], {}))
        assert progress.PHASES[status] in said
    assert "It broke off because of this." in progress.status_html(state.Run(tmp_path, "failed", "It broke off because of this."))


def test_sample_dice_cover_every_setting_of_a_sample_that_the_page_offers():
    assert sample.dice(0.5, 3, 0.9, 50, "7") == SampleConfig(50, 0.5, 3, 0.9, 0.0, 7)
    assert sample.dice(0.5, 3, 0.9, 5000, "").seed is None and sample.dice(0.5, 3, 0.9, 5000, "").max_new_tokens == 1000
