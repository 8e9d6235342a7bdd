"""Train: a run from its settings to its end, as every page sees it, and the curve it draws."""

import json

import gradio as gr
import pytest
from app_hands import ME, TINY, give_writing, knobs, nothing_left_running, shown, text_of, trained, until  # noqa: F401

from pages import chart, progress, settings, state, train
from vibejam.config import help_for
from vibejam.errors import UserError
from vibejam.files import write_json
from vibejam.jobs import JOBS
from vibejam.workspace import Workspace


def test_without_writing_the_page_says_what_is_missing():
    updates = train.opened(ME, "")
    assert shown(updates[0]) and not shown(updates[2]) and not shown(updates[3])
    updates = train.begin(ME, "", "Quick", "none", *knobs())
    assert shown(updates[4]) and "add" in text_of(updates[4]["value"]).lower() and not Workspace(ME).runs()


def test_a_run_goes_from_start_to_done_and_every_page_sees_it():
    give_writing()
    updates = train.begin(ME, "", "Quick", "none", *knobs(max_iters="15", **TINY))
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
    assert [i for i, update in enumerate(brought) if update != gr.skip()] == [0, 1, 2, 3, 4]
    assert brought[:3] == train.show(ME, name)[5:8] and brought[4] == stamp
    turned = train.tick(ME, name, "\n".join([parts[0], "something else", *parts[2:]]))
    assert [i for i, update in enumerate(turned) if update != gr.skip()] == [5], "all of the page follows"


def test_a_long_run_is_looked_at_more_seldom_and_no_run_less_than_every_five_seconds():
    waits = [train.between_looks({"settings": {"train": {"minutes": minutes}}}) for minutes in (0, 1, 3, 10, 600)]
    assert waits == [2.0, 2.0, 3.0, 5.0, 5.0] and train.between_looks({}) == 2.0


def test_a_second_run_is_refused_in_one_sentence_and_leaves_no_folder(home):
    give_writing()
    train.begin(ME, "", "Quick", "none", *knobs(minutes="5", **TINY))
    until(lambda: JOBS.alive().events)
    before = set((home / "checkpoints").iterdir())
    updates = train.begin(ME, "", "Quick", "none", *knobs())
    assert "already in progress" in updates[4]["value"] and set((home / "checkpoints").iterdir()) == before


def test_pause_stop_resume_and_train_longer_are_offered_when_they_can_be_done():
    give_writing()
    name = train.begin(ME, "", "Quick", "none", *knobs(minutes="5", **TINY))[1]["value"]
    job = JOBS.alive()
    until(lambda: len(job.events) > 5)
    train.end(ME, name, "pause")
    assert job.wait(60)
    updates = train.opened(ME, name)
    assert (
        "Paused" in updates[5] and shown(updates[9]) and updates[9]["variant"] == "primary" and not shown(updates[12])
    )
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
    name = train.begin(ME, "", "Quick", "none", *knobs(minutes="5", **TINY))[1]["value"]
    until(lambda: JOBS.alive().events)
    assert "still in progress" in train.remove(ME, name)[4]["value"]


def test_every_setting_has_its_sentence_and_an_empty_one_shows_what_the_preset_plans():
    with gr.Blocks():
        made = settings.knobs()
    assert len(made) == len(settings.FIELDS) + 1 and all(component.info for component in made)
    assert [component.info for component in made[:-1]] == [help_for(config, name) for config, name in settings.FIELDS]
    give_writing()
    *_, last = settings.speed_sentence(ME, "Quick", "none", *knobs(max_iters="5", **TINY))
    first = next(settings.speed_sentence(ME, "Quick", "none", *knobs(max_iters="5", **TINY)))
    planned = dict(zip((name for _, name in settings.FIELDS), first[1:], strict=False))
    assert planned["n_layer"]["placeholder"] == "1" and planned["max_iters"]["placeholder"] == "5"
    assert "tokens a second" in last[0] and "On this machine" in last[0]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"n_embd": "100", "n_head": "3"}, "n_embd"),
        ({"lr": "fast"}, "Learning rate"),
        ({"n_layer": "2.5"}, "whole number"),
        ({"minutes": "inf"}, "number"),
        ({"minutes": "-1"}, "minutes"),
        ({"val_fraction": "2"}, "val_fraction"),
    ],
)
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


def test_every_phase_of_a_run_has_its_word(tmp_path):
    for status in ("preparing", "running", "stopping", "done", "paused", "stopped", "failed", "interrupted"):
        said = progress.status_html(state.Run(tmp_path, status, "It broke off because of this.", [], {}))
        assert progress.PHASES[status] in said
    assert "It broke off because of this." in progress.status_html(
        state.Run(tmp_path, "failed", "It broke off because of this.")
    )
