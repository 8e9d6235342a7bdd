"""Labs: a comparison from its choices to its figures, as every page sees it, kept and found again, and gone when one says so."""

import json
from functools import partial

import gradio as gr
import pytest
from app_hands import ME, TINY, give_writing, knobs, nothing_left_running, shown, text_of, until  # noqa: F401
from tally import count
from writing import essay

from pages import compared, labs, train, write
from vibejam.corpus import build_corpus
from vibejam.files import write_json
from vibejam.jobs import COMPARE, DONE, JOBS
from vibejam.labs import harness, watched
from vibejam.labs.harness import COMPARISONS, Comparison, Run, Step
from vibejam.model import ARCHITECTURES
from vibejam.readers import Document
from vibejam.recipe import plan_run
from vibejam.workspace import Workspace, new_visitor

TOLD, WHICH, SETUP, TEXT, VIEW, STATUS, STOP, ANOTHER, DELETE, TABLE, FIGURES, STAMP, CLOCK = range(13)
SHAPE = {"n_layer": 2, "n_head": 2, "n_embd": 32, "block_size": 16}


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Models, contexts and minutes that a test has time for."""
    monkeypatch.setattr(harness, "CONTEXTS", (32, 128))
    monkeypatch.setattr(harness, "plan_run", lambda *a, **k: plan_run(*a, **k | {"shape": SHAPE}))
    monkeypatch.setattr(labs, "LEAST_MINUTES", 0.005)


def begun(archs=("transformer", "mamba"), minutes=0.005, seeds=1, text=labs.MINE) -> str:
    """The name of a comparison that has just begun."""
    updates = labs.compare(ME, text, list(archs), minutes, seeds)
    assert not shown(updates[TOLD]), updates[TOLD]["value"]
    return updates[WHICH]["value"]


def compared_once(seeds: int = 1) -> str:
    give_writing(pieces=20)
    name = begun(seeds=seeds)
    job = JOBS.alive()
    assert job.wait(180) and job.status == DONE, job.error
    return name


# from the choices to the figures


def test_what_it_takes_is_said_before_it_starts():
    said = text_of(labs.cost_html(ME, labs.MINE, ["transformer", "mamba", "xlstm"], 2, 3))
    assert "3 architectures, each 3 times" in said and "27 runs" in said and "at most" in said
    assert "You have added no writing yet" in said
    give_writing()
    assert "no writing" not in labs.cost_html(ME, labs.MINE, ["transformer"], 2, 3)
    assert watched.longest(1, 2, 3, 0) == watched.MEMORY_SECONDS + 3 * 60 * (2 + 2 + harness.LONGER * 2)
    assert watched.longest(2, 2, 3, 1000) > 2 * watched.longest(1, 2, 3, 0)


def test_a_comparison_goes_from_start_to_done_and_every_page_sees_it():
    give_writing(pieces=20)
    assert shown(labs.opened(ME, None)[SETUP]) and not shown(labs.opened(ME, None)[WHICH])
    name = begun(seeds=2)
    updates = labs.opened(ME, "")  # a page opened meanwhile, which knows nothing of it
    assert updates[WHICH]["value"] == name and updates[CLOCK].active and shown(updates[VIEW]) and not shown(updates[SETUP])
    job = JOBS.alive()
    until(lambda: not job.alive or any(event.get("at_work") for event in job.events))
    assert job.wait(180) and job.status == DONE, job.error
    updates = labs.tick(ME, name, updates[STAMP])
    assert not updates[CLOCK].active and not shown(updates[STOP]) and shown(updates[ANOTHER])
    assert 'data-status="done"' in updates[STATUS] and "12 runs" in updates[STATUS]
    known = watched.read_comparison(Workspace(ME).labs_folder / name)
    assert len(known.runs) == 12 and known.text["measure_bytes"] > 500
    kept = (Workspace(ME).labs_folder / name / "results.json").read_text(encoding="utf-8")
    assert not any(word in kept for word in ("kettle", "postman", "ladder")), "it holds figures, and no word of the person"
    table, (came, way) = text_of(updates[TABLE]), json.loads(updates[FIGURES])["figures"]
    for arch in ("transformer", "mamba"):
        mean, spread = known.spread("minutes", arch)
        assert f"{mean:.3f} ± {spread:.3f}" in table and compared.name_of(arch) in table
    dots = sorted(dot for row in came["rows"] for dot in row["dots"])
    assert dots == sorted(round(run.bits_per_byte, 4) for run in known.runs)
    assert [floor["label"] for floor in came["floors"]] == [n for n, score in known.floors.items() if score is not None]
    assert "Kneser-Ney" in table and f"{known.floors[came['floors'][0]['label']]:.3f}" in table
    assert [line["name"] for line in way["lines"]] == ["Transformer", "Mamba-2"] and all(line["runs"] for line in way["lines"])
    assert all(figure["sentence"].endswith(".") for figure in (came, way))


def test_it_is_found_again_when_the_program_is_started_anew():
    name = compared_once()
    before = labs.opened(ME, None)
    JOBS.forget(Workspace(ME).labs_folder / name)
    again = labs.opened(ME, None)
    assert again[WHICH]["value"] == name and again[TABLE] == before[TABLE] and again[FIGURES] == before[FIGURES]
    assert 'data-status="done"' in again[STATUS] and shown(labs.show(ME, labs.NEW)[SETUP])
    assert [label for label, _ in again[WHICH]["choices"]][1].endswith("my writing")


def test_stopping_keeps_every_run_that_has_ended_and_says_how_many():
    give_writing(pieces=20)
    name = begun(minutes=0.05, seeds=5)
    job = JOBS.alive()
    folder = Workspace(ME).labs_folder / name
    until(lambda: (folder / "results.json").is_file() and watched.read_comparison(folder).runs)
    labs.halt(ME, name)
    assert job.wait(60) and job.status == "stopped"
    kept = len(watched.read_comparison(folder).runs)
    for _ in range(2):  # now, and after the program was started anew
        said = text_of(labs.opened(ME, None)[STATUS])
        assert 0 < kept < 30 and f"after {kept} of 30 runs" in said
        JOBS.forget(folder)
    assert "ended already" in labs.halt(ME, name)[TOLD]["value"]


def test_a_tick_brings_nothing_when_nothing_is_new_and_one_line_when_only_time_has_passed(monkeypatch):
    give_writing(pieces=20)
    name = begun(minutes=1, seeds=2)
    job = JOBS.alive()
    until(lambda: job.events and job.events[-1].get("at_work"))
    stamp = labs._stamp(job.folder)
    monkeypatch.setattr(labs, "_stamp", lambda folder: stamp)
    assert labs.tick(ME, name, stamp) == labs.NOTHING
    head, _, _ = stamp.rpartition("\n")
    brought = labs.tick(ME, name, f"{head}\n0")
    assert [i for i, update in enumerate(brought) if update != gr.skip()] == [STATUS, STAMP]
    assert "Run 1 of 12" in brought[STATUS] and "left at most" in brought[STATUS]
    assert shown(labs.tick(ME, name, "something else")[VIEW])


def test_without_writing_it_is_the_sample_writing_s_and_says_so():
    assert not shown(labs.opened(ME, None)[TEXT])
    name = begun(archs=["transformer"])
    assert name.endswith("the-sample-writing")
    give_writing()
    assert shown(labs.show(ME, labs.NEW)[TEXT]) and labs.learnt(ME, labs.MINE)[0] == labs.MINE
    assert labs.learnt(ME, labs.SAMPLE)[1].documents == labs.sample_writing().documents


# one at a time, and whose


def test_one_thing_at_a_time_is_learnt_and_each_page_says_what_it_waits_for():
    give_writing(pieces=20)
    name = begun(minutes=1)
    assert "compared on Labs" in train.begin(ME, "", "Quick", "none", *knobs(**TINY))[4]["value"]
    assert "compared on Labs" in labs.compare(ME, labs.MINE, ["mamba"], 1, 1)[TOLD]["value"]
    assert not Workspace(ME).runs() and len(list(Workspace(ME).labs_folder.glob("*"))) <= 1
    assert not shown(train.opened(ME, "")[3]), "a comparison is no run"
    labs.halt(ME, name)
    assert JOBS.get(Workspace(ME).labs_folder / name).wait(60)
    train.begin(ME, "", "Quick", "none", *knobs(minutes="5", **TINY))
    assert "already in progress" in labs.compare(ME, labs.MINE, ["mamba"], 1, 1)[TOLD]["value"]


def test_removing_all_writing_ends_a_comparison_and_leaves_nothing_of_it(home):
    give_writing(pieces=20)
    begun(minutes=1)
    until(lambda: Workspace(ME).comparisons())
    write.remove_everything(ME)
    assert JOBS.alive() is None and not list((home / "data" / "me").rglob("*.json"))
    assert not shown(labs.opened(ME, None)[WHICH])


def test_a_comparison_is_deleted_alone_and_never_while_it_is_in_progress():
    folder = Workspace(ME).labs_folder
    for name in ("2026-11-28-101112-my-writing", "2026-11-28-101113-the-sample-writing"):
        write_json(folder / name / "results.json", known().plain())
    assert labs.remove(ME, "") == labs.NOTHING, "thought better of it"
    for odd in ("../labs", "\0", 7, ["x"]):
        assert "no longer here" in labs.remove(ME, odd)[TOLD]["value"]
    updates = labs.remove(ME, "2026-11-28-101113-the-sample-writing")
    assert [each.name for each in folder.iterdir()] == [updates[WHICH]["value"]] == ["2026-11-28-101112-my-writing"]
    name = begun(minutes=1)
    until(lambda: (folder / name).is_dir())
    assert not shown(labs.opened(ME, None)[DELETE]) and "in progress" in labs.remove(ME, name)[TOLD]["value"]
    assert (folder / name).is_dir()


@pytest.mark.security
def test_on_a_space_nothing_is_compared(monkeypatch):
    monkeypatch.setenv("SPACE_ID", "someone/vibejam")
    visitor = new_visitor()
    for updates in (labs.opened(visitor, None), labs.compare(visitor, labs.SAMPLE, ["mamba"], 1, 1)):
        assert "your own machine" in updates[TOLD]["value"] and not shown(updates[SETUP]) and not shown(updates[VIEW])
    assert labs.cost_html(visitor, labs.SAMPLE, ["mamba"], 1, 1) == ""
    assert JOBS.alive() is None
    forgotten = [labs.opened("", None), labs.compare("", labs.SAMPLE, ["mamba"], 1, 1), labs.tick("", "x", ""), labs.halt("", "x")]
    for updates in forgotten:
        assert shown(updates[TOLD]) and len(updates) == len(labs.NOTHING)


# what can not be compared


@pytest.mark.security
@pytest.mark.parametrize(
    ("archs", "minutes", "seeds", "said"),
    [
        ([], 1, 1, "at least one"),
        (None, 1, 1, "at least one"),
        ("transformer", 1, 1, "at least one"),
        (["transformer", "../x"], 1, 1, "at least one"),
        (["mamba", "mamba"], 1, 1, "at least one"),
        ([["mamba"]], 1, 1, "at least one"),
        (["mamba"], 1e9, 1, "minutes"),
        (["mamba"], -1, 1, "minutes"),
        (["mamba"], float("nan"), 1, "minutes"),
        (["mamba"], "1", 1, "minutes"),
        (["mamba"], 1, 0, "seeds"),
        (["mamba"], 1, 1.5, "seeds"),
        (["mamba"], 1, float("inf"), "seeds"),
        (["mamba"], 1, None, "seeds"),
    ],
)
def test_choices_that_the_page_does_not_offer_are_told_in_one_sentence(archs, minutes, seeds, said):
    count("inputs tried")
    give_writing()
    updates = labs.compare(ME, labs.MINE, archs, minutes, seeds)
    assert said in updates[TOLD]["value"] and shown(updates[SETUP]) and JOBS.alive() is None
    assert said in labs.cost_html(ME, labs.MINE, archs, minutes, seeds) and not Workspace(ME).labs_folder.exists()


@pytest.mark.security
def test_a_name_that_is_not_in_the_listing_opens_nothing(home):
    write_json(home / "data" / "results.json", {"text": {}})
    for name in ("..", "../..", "nobody", "\0", "a" * 3000, None, 7, ["x"]):
        for act in (labs.opened, labs.show, labs.halt, partial(labs.tick, seen=name)):
            updates = act(ME, name)
            assert len(updates) == len(labs.NOTHING) and shown(updates[SETUP]) and not shown(updates[VIEW])


def test_too_little_writing_is_told_and_leaves_nothing():
    write.take_pasted(ME, essay(0)[:150])
    assert "needed" in labs.compare(ME, labs.MINE, ["mamba"], 1, 1)[TOLD]["value"]
    write.take_pasted(ME, essay(1)[:700])
    updates = labs.compare(ME, labs.MINE, ["mamba"], 0.005, 1)
    if not shown(updates[TOLD]):  # where it broke off before the page was told that it began, that is told at once
        job = JOBS.latest(Workspace(ME).labs_folder, COMPARE)
        assert job.wait(60)
        updates = labs.tick(ME, job.folder.name, "")
    assert "too little text" in updates[TOLD]["value"] and shown(updates[SETUP]) and not Workspace(ME).comparisons()


@pytest.mark.parametrize(
    "damage",
    [
        {"runs": 7},
        {"runs": [{"arch": "mamba"}]},
        {"memory": []},
        {"memory": {"mamba": {"x": 1}}},
        {"text": {"measure_bytes": "many"}},
        {"floors": {"lzma": "low"}},
        {"floors": {"lzma": float("nan")}},
        {"floors": {"<a href=//evil.example>lzma</a>": 2.0}},
        {"floors": {"lzma": None}},
        {"memory": {"<b>": {}}, "runs": []},
        {"runs": [vars(Run("minutes", "mamba", 1, 1, 2.0, 1, 1.0, ((1.0, 1, float("inf")),)))]},
        {"seeds": float("inf")},
        {"minutes": None},
    ],
)
def test_a_damaged_comparison_is_told_breaks_nothing_and_can_be_deleted(damage):
    folder = Workspace(ME).labs_folder / "2026-11-28-101112-my-writing"
    write_json(folder / "results.json", known().plain())
    assert shown(labs.opened(ME, None)[VIEW])
    write_json(folder / "results.json", known().plain() | damage)
    updates = labs.opened(ME, None)
    assert "is damaged" in updates[TOLD]["value"] and not updates[TABLE] and not updates[FIGURES]
    (folder / "results.json").write_text("{")
    updates = labs.show(ME, folder.name)
    assert "is damaged" in updates[TOLD]["value"] and updates[WHICH]["value"] == folder.name and shown(updates[DELETE])
    assert shown(labs.remove(ME, folder.name)[SETUP]) and not folder.exists()


# what is said of it


def known(transformer=(2.0, 2.1), mamba=(2.4, 2.5), floor=2.2, seeds=2) -> Comparison:
    runs = [
        Run(name, arch, seed, 1000, scores[seed - 1], 5000, 10.0, ((5.0, 2500, start), (10.0, 5000, 2.5)))
        for name in COMPARISONS
        for arch, scores, start in (("transformer", transformer, 3.0), ("mamba", mamba, 4.0))
        for seed in range(1, seeds + 1)
    ]
    text = {"train_bytes": 9000, "choose_bytes": 1000, "measure_bytes": 1000, "tokenizer": "char", "vocabulary": 60}
    memory = {"transformer": {1024: 4_096_000, 16384: 65_536_000}, "mamba": {1024: 20_480, 16384: 20_480}}
    return Comparison(text, 3.0, seeds, runs, {"Kneser-Ney, 5 bytes": floor, "zstd": None}, memory)


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        ({}, "Transformer guesses best in equal minutes, on equal tokens and where each goes on until no better, whatever"),
        ({"mamba": (2.05, 2.5)}, "but the seeds of others reach as far"),
        ({"seeds": 1}, "which one seed does not prove"),
        ({}, "only Transformer came below Kneser-Ney, which only counts letters (2.20)"),
        ({"floor": 3.0}, "all came below Kneser-Ney"),
        ({"floor": 1.0}, "nothing came below Kneser-Ney, which only counts letters (1.00): more minutes are needed"),
    ],
)
def test_who_leads_is_said_with_what_it_is_worth(scores, said):
    assert said in compared.came_sentence(known(**scores))


def test_before_the_first_end_the_figure_says_how_it_is_read():
    fresh = known()
    fresh.runs = fresh.runs[:1]
    assert "A dot will be one run" in compared.came_sentence(fresh)
    fresh.runs, fresh.memory = [], {"transformer": {}, "mamba": {}}
    (came,) = json.loads(compared.payload(compared.Found("running", fresh)))["figures"]
    assert came["floors"], "and no curve is drawn of no points"
    table = compared.table_html(fresh).split("</table>")[0]
    assert "Kneser-Ney" in table and "2.200" in table and "±" not in table


def test_who_was_ahead_and_since_when():
    slow = ([10.0, 20.0, 30.0], [3.0, 2.2, 2.0])
    quick = ([10.0, 20.0, 30.0], [2.8, 2.5, 2.4])
    assert "Slow was ahead from second 20 on" in compared.way_sentence({"Quick": quick, "Slow": slow})
    assert "Slow was ahead all the way" in compared.way_sentence({"Worse": ([10.0, 30.0], [4.0, 3.5]), "Slow": slow})
    assert "was ahead" not in compared.way_sentence({"Slow": slow})


def test_the_table_has_spread_memory_and_says_what_is_missing():
    said = text_of(compared.table_html(known()))
    assert "2.050 ± 0.071" in said and "4.1 MB and 65.5 MB" in said and "20 kB and 20 kB" in said
    assert "zstd would stand here too" in said and "9,000 bytes were learnt from" in said and "2 seeds" in said
    assert "±" not in compared.table_html(known(seeds=1)).split("</table>")[0]


def test_a_run_under_way_is_drawn_as_far_as_it_is():
    steps = [Step("minutes", "mamba", 3, n / 4, 2.0 * n, 100 * n, 5.0 - n if n % 2 else None) for n in range(1, 5)]
    found = compared.Found("running", known(), "", [{"at_work": vars(step), "progress": 0.5, "left": 30.0} for step in steps])
    line = json.loads(compared.payload(found))["figures"][1]["lines"][1]
    assert [run["y"] for run in line["runs"]] == [[4.0, 2.5], [4.0, 2.5], [4.0, 2.0]]
    assert line["y"] == [4.0, round((2.5 + 2.5 + 2.0) / 3, 4)]


def test_every_architecture_is_offered_with_its_sentence_and_a_new_one_by_its_name():
    for arch in ARCHITECTURES:
        assert compared.choice(arch).startswith(compared.name_of(arch) + ": ") and compared.choice(arch).endswith(".")
    assert compared.choice("telepathy") == "telepathy"


# as a job


def test_events_go_on_from_nothing_to_all_of_it_and_the_time_left_falls(tmp_path):
    corpus = build_corpus([Document(f"essay {n}", essay(n), "utf-8") for n in range(20)])
    events = list(watched.watched(tmp_path, corpus, ["transformer", "mamba"], 0.005, 1))
    assert [event.iteration for event in events] == list(range(1, len(events) + 1))
    shares, left = [event.progress for event in events], [event.left for event in events]
    assert shares == sorted(shares) and shares[0] == 0 and shares[-1] == 1
    assert left == sorted(left, reverse=True) and left[-1] == 0
    assert sum(event.at_work is None for event in events) == 1 + 2 + 6
    assert len(watched.read_comparison(tmp_path).runs) == 6


def test_a_comparison_is_left_at_any_event_and_keeps_what_is_done(tmp_path):
    corpus = build_corpus([Document(f"essay {n}", essay(n), "utf-8") for n in range(20)])
    events = watched.watched(tmp_path, corpus, ["transformer"], 0.005, 1)
    for event in events:
        if event.at_work and event.at_work.comparison == "tokens":
            events.close()
            break
    assert [run.comparison for run in watched.read_comparison(tmp_path).runs] == ["minutes"]
    stopped = list(harness.compare(corpus, ["transformer"], 0.005, 1, stop=lambda: True))
    assert len(stopped) == 1 and stopped[0].floors and not stopped[0].runs, "what is known so far comes before the stop"


def test_a_comparison_is_no_run_and_ends_with_the_program_as_what_can_not_be_paused():
    give_writing(pieces=20)
    name = begun(minutes=1)
    job = JOBS.alive()
    assert job.kind == COMPARE and not Workspace(ME).runs()
    until(lambda: job.events)
    job.pause()
    assert job.wait(60) and job.status == "stopped" and (Workspace(ME).labs_folder / name / "results.json").is_file()
