"""Past runs: listed with what they came to, picked, laid over, renamed, exported and deleted, each by a name that is looked up."""

import json
import shutil
import zipfile
from pathlib import Path

import gradio as gr
import pytest
from app_hands import ME, nothing_left_running, shown, text_of, trained  # noqa: F401

from pages import chart, runs, sample, state, train
from pages.words import day_of
from vibejam.errors import UserError
from vibejam.files import write_json
from vibejam.jobs import JOBS, Job
from vibejam.workspace import Workspace, new_visitor

TABLE = -4  # where the table stands among the page's updates


def two_runs() -> tuple[str, str]:
    """The names of two finished runs, the newer one first."""
    first = Workspace(ME).run(trained())
    second = first.with_name("2026-11-23-090000-better")
    shutil.copytree(first, second)
    about = json.loads((second / "run.json").read_text())
    write_json(second / "run.json", about | {"base": "smollm2-135m", "parameters": 12_345_678})
    return second.name, first.name


def act(name: str, what: str, run: str = "", **more) -> list:
    """The last updates that a press in the table brings, looking at `name`."""
    *_, last = train.act(ME, name, gr.EventData(None, {"what": what, "run": run, **more}))
    assert len(last) == len(train.NOTHING) + 4
    return last


def test_the_table_says_what_each_run_is_and_came_to():
    newer, older = two_runs()
    table = train.opened(ME, "")[TABLE]
    said = text_of(table)
    value = json.loads((Workspace(ME).run(older) / "run.json").read_text())["figures"]["val_bits_per_byte"]
    for part in ("SmolLM2", "12.3 million", "words", f"{value:.2f}", "22 Nov 2026", "23 Nov 2026", "nothing"):
        assert part in said, part
    assert table.count("<tr data-run") == 2 and table.index(newer) < table.index(older)
    assert table.count('aria-current="true"') == 1
    assert day_of("named", "2026-02-03T10:00:00+00:00") == "3 Feb 2026"
    assert day_of("named", "soon") == day_of("2026-99-99-999999") == ""


def test_a_run_that_went_on_and_was_interrupted_is_not_given_the_figures_of_its_earlier_end():
    folder = Workspace(ME).run(trained())
    about = json.loads((folder / "run.json").read_text())
    write_json(folder / "run.json", about | {"status": "running"})
    said = text_of(train.opened(ME, "")[TABLE])
    assert "interrupted" in said and f"{about['figures']['val_bits_per_byte']:.2f}" not in said


def test_without_a_run_there_is_no_table():
    assert train.opened(ME, "")[TABLE] == ""


def test_a_run_that_is_picked_speaks_on_the_other_pages_after_a_restart_too():
    newer, older = two_runs()
    assert sample.show(ME, None)[2]["value"] == newer
    last = act(newer, "use", older)
    assert last[-1] == older and Workspace(ME).picked_run().name == older
    assert sample.show(ME, None)[2]["value"] == older == state.voice_choices(ME)[0][1]
    assert last[TABLE - 4].count("your voice") == 1
    act(newer, "delete", older)
    assert Workspace(ME).picked_run() is None and sample.show(ME, None)[2]["value"] == newer
    (Workspace(ME).runs_folder / "picked.json").write_text("[")  # damaged: then it is the newest
    assert sample.show(ME, None)[2]["value"] == newer


def test_another_run_s_curve_is_laid_over_in_words_that_name_it():
    newer, older = two_runs()
    laid = json.loads(act(newer, "compare", runs=[older])[-4])["runs"]
    assert [run["name"] for run in laid] == [state.title_of(Workspace(ME).run(older))]
    assert laid[0]["held"]["y"] and "quick" in laid[0]["held"]["words"][0] and len(laid[0]["learnt"]["smooth"]) > 1
    assert json.loads(act(newer, "compare", runs=[])[-4]) == {"runs": []}
    assert json.loads(act(newer, "compare", runs={"a": 1})[-4]) == {"runs": []}
    assert shown(act(newer, "compare", runs=["../data"])[4])


def test_a_run_is_renamed_everywhere_and_stays_where_it_is_in_the_list():
    newer, older = two_runs()
    table = act(newer, "rename", older, title="  Letters,\n <first> try ")[TABLE - 4]
    assert "Letters, &lt;first&gt; try" in table and "<first>" not in table and table.index(newer) < table.index(older)
    assert ("Letters, <first> try", older) in sample.show(ME, None)[2]["choices"]
    assert ("Letters, <first> try", older) in train.show(ME, newer)[1]["choices"]
    for title, said in (("", "between 1"), ("x" * 61, "between 1"), ("a\0b", "between 1"), (None, "between 1")):
        assert said in act(newer, "rename", older, title=title)[4]["value"]
    assert "Another run" in act(newer, "rename", newer, title="Letters, <first> try")[4]["value"]
    assert Workspace(ME).run(older).name == older  # the folder keeps its name


def test_a_renamed_run_keeps_its_name_when_it_learns_on():
    _, older = two_runs()
    act(older, "rename", older, title="Mine")
    train.go_on(ME, older, 2.0)
    job = JOBS.alive()
    assert job.wait(120) and job.status == "done", job.error
    assert state.title_of(job.folder) == "Mine"


def test_two_runs_of_one_minute_are_told_apart_and_others_keep_their_short_titles():
    runs_folder = Workspace(ME).runs_folder
    began = ("160512-quick", "160558-quick", "160559-better", "160559-quick-2", "160600-quick")
    names = [f"2020-11-22-{moment}" for moment in began]
    for name in names:
        (runs_folder / name).mkdir(parents=True)
    titles = [state.title_of(runs_folder / name) for name in names]
    assert titles == [f"22 November 2020 {said}" for said in (
        "16:05:12, quick", "16:05:58, quick", "16:05, better", "16:05, quick 2", "16:06, quick"
    )]  # fmt: skip


@pytest.mark.parametrize("kind", ["gguf", "hf"])
def test_a_run_is_exported_as_one_file_without_a_word_of_the_person(kind, tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    name = trained()
    first = Path(act(name, "export", name, format=kind)[-2]["value"])
    assert first.is_file() and first.suffix == (".gguf" if kind == "gguf" else ".zip")
    assert first.is_relative_to(tmp_path / "uploads") and [first] == list(first.parent.iterdir())
    if kind == "hf":
        with zipfile.ZipFile(first) as packed:
            names = {Path(entry).name for entry in packed.namelist()}
            assert {"model.safetensors", "config.json", "tokenizer.json", "README.md"} <= names
            assert not names & {"metrics.jsonl", "run.json", "manner.safetensors"}
    second = Path(act(name, "export", name, format=kind)[-2]["value"])
    assert second.is_file() and not first.exists()  # one at a time, so that they do not pile up
    assert "two formats" in act(name, "export", name, format="../x")[4]["value"]
    state.drop_export(ME)
    assert not list((tmp_path / "uploads").iterdir())


def test_a_visitor_who_has_gone_leaves_no_export(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    token = new_visitor()
    (state.export_folder(token) / "x").write_text("x")
    monkeypatch.setenv("SPACE_ID", "someone/vibejam")
    state.forget(token)
    assert not list(tmp_path.iterdir())


def test_names_that_are_not_in_the_listing_and_acts_that_are_none_are_told():
    name = trained()
    for what in ("look", "use", "rename", "export", "delete"):
        assert "no longer here" in act(name, what, "../data/me", title="x", format="hf")[4]["value"]
    assert "reload" in act(name, "burn", name)[4]["value"]
    *_, last = train.act(ME, name, gr.EventData(None, {}))
    assert shown(last[4]) and Workspace(ME).run(name).is_dir()


def test_a_run_that_is_learning_can_be_looked_at_and_nothing_else(monkeypatch):
    name = trained()
    folder = Workspace(ME).run(name)
    monkeypatch.setitem(JOBS._jobs, folder, Job(folder, status="running"))
    for what in ("rename", "export", "delete"):
        assert "in progress" in act(name, what, name, title="x", format="hf")[4]["value"]
    acts = runs._acts(state.read_run(folder), name, False)
    assert "button" not in acts and "still learning" in acts


def test_a_damaged_run_has_a_row_and_can_be_deleted():
    folder = Workspace(ME).runs_folder / "broken"
    folder.mkdir(parents=True)
    damaged = {"text": 3, "figures": {"val_bits_per_byte": "x", "seconds": []}, "parameters": "many", "name": 7}
    write_json(folder / "run.json", damaged)
    assert "broken" in train.opened(ME, "")[TABLE]
    with pytest.raises(UserError, match="no voice"):
        runs.pick(ME, "broken")
    act("broken", "delete", "broken")
    assert not folder.exists()


def events(*held: float) -> list[dict]:
    return [
        {"iteration": i, "seconds": float(i), "progress": 0.1, "tokens_per_second": 1.0, "train_loss": 2.0, "val_loss": v,
         "val_bits_per_byte": v} for i, v in enumerate(held, 1)
    ]  # fmt: skip


def test_the_best_and_the_turn_are_named_and_a_hair_is_no_turn():
    best = json.loads(chart.curve(events(3, 2, 2.2, 2.3), {}, True))["best"]
    assert (best["x"], best["y"], best["turned"]) == (2, 2, True) and "by heart" in best["label"]
    assert not json.loads(chart.curve(events(3, 2, 2.001, 2.001), {}, True))["best"]["turned"]
    assert not json.loads(chart.curve(events(3, 2, 2.2), {}, True))["best"]["turned"]  # once is no turn
    assert json.loads(chart.curve(events(3), {}, True))["best"] is None


def test_a_second_turn_that_is_worse_at_first_has_learnt_nothing_by_heart():
    first, second = events(3, 2, 2.1), [event | {"turn": 2} for event in events(0, 0, 0, 3, 2.5)[3:]]
    drawn = json.loads(chart.curve(first + second, {}, True))
    assert drawn["second"] == second[0]["seconds"] and not drawn["best"]["turned"] and drawn["best"]["y"] == 2
    assert json.loads(chart.curve(first, {}, True))["second"] is None


def test_the_faint_line_is_smoothed_without_a_pull_to_where_it_began():
    events = [
        {"iteration": i, "seconds": i / 10, "progress": 0.1, "tokens_per_second": 1.0, "train_loss": 2.0 + (-1) ** i}
        for i in range(1, 201)
    ]
    learnt = json.loads(chart.curve(events, {}, True))["learnt"]
    assert set(learnt["y"]) == {1.0, 3.0} and all(abs(y - 2) < 0.2 for y in learnt["smooth"][50:])
    assert json.loads(chart.curve(events[:1], {}, True))["learnt"]["smooth"] == [1.0]
