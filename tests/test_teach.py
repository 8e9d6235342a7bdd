"""Teaching a voice to rewrite: what is sent and said before, what a stop keeps, and that only a better voice stays."""

import re

import gradio as gr
import pytest
from app_hands import ME, give_writing, knobs, nothing_left_running, shown, text_of, trained, until  # noqa: F401
from endpoint_server import endpoint, fails, replies, says_then_hangs  # noqa: F401
from runs import refused
from tiny_base import lay_tiny_base

from pages import before_after, decided, progress, review, rewrite, runs, state, teach, train
from vibejam import teach as engine
from vibejam.checkpoint import read_json
from vibejam.files import write_json
from vibejam.jobs import JOBS, TEACH
from vibejam.rewrite.decisions import EDIT, ENOUGH, decision, decisions, keep_decision
from vibejam.rewrite.pairs import Pair, read_pairs, write_pairs
from vibejam.workspace import Workspace

BOX, SAID, STATUS, STOP, ABOUT, PLAN, COST, SEND, HERE, THERE, VOICE, CLOCK, SEEN = range(13)  # what `teach.show` updates
BASE = "smollm2-135m"
SHORT = 0.02  # minutes


def neutral(instruction: str) -> str:
    """A draft of an essay's passage that the sieve lets through."""
    passage = instruction.rpartition("Passage:\n")[2]
    return " ".join(f"In this case, {half[0]}; moreover, {half[1]}" for half in re.findall(r"([^,.]+), ([^.]+\.)", passage))


def on_the_base() -> str:
    """The name of a run that stands on a base in miniature."""
    give_writing()
    lay_tiny_base()
    train.begin(ME, "", "Quick", BASE, *knobs(max_iters="2", block_size="32"))
    job = JOBS.alive()
    assert job.wait(120) and job.status == "done", job.error
    return job.folder.name


def asked_for(endpoint) -> list[str]:  # noqa: F811
    return [asked.body["messages"][-1]["content"].rpartition("Passage:\n")[2] for asked in endpoint.asked]


def test_before_anything_is_sent_the_page_says_the_host_the_passages_and_the_tokens(endpoint):  # noqa: F811
    name = on_the_base()
    updates = teach.show(ME, name, 40, 5, endpoint.url, "big", "")
    said, button = text_of(updates[COST]), updates[SEND]["value"]
    assert endpoint.host in said and "40 passages" in said and "tokens to read" in said and "big" in said
    assert button == f"Send 40 passages to {endpoint.host}" and shown(updates[SEND])
    assert "On this machine nothing is sent" in said and shown(updates[HERE])
    without = teach.show(ME, name, 40, 5, "", "", "")
    assert not shown(without[SEND]) and "name one" in text_of(without[COST])
    assert not endpoint.asked and JOBS.alive() is None


def test_the_service_drafts_the_persons_passages_and_a_better_voice_is_chosen(endpoint, monkeypatch):  # noqa: F811
    name = on_the_base()
    endpoint.will(replies(neutral))
    settings = (40, 5 * SHORT, endpoint.url, "big", "")  # a crowded machine gets better in that time too
    keep_decision(Workspace(ME).decisions_file, decision("The draft that I edited stands here.", "Mine stands here."))
    keep_decision(Workspace(ME).decisions_file, decision("The draft I kept.", "The draft I kept.", ("Its version.",)))
    updates = teach.by_service(ME, name, *settings, f"Send 40 passages to {endpoint.host}")
    job = JOBS.alive()
    assert job.kind == TEACH and updates[CLOCK].active and shown(updates[STOP]) and not shown(updates[SEND])
    assert not shown(train.opened(ME, "")[10]), "it can be stopped, and nothing could be paused"
    assert job.wait(180) and job.status == "done", job.error
    own = " ".join(" ".join(entry.document.text.split()) for entry in Workspace(ME).writing())
    asked = asked_for(endpoint)
    assert len(asked) == len(set(asked)) == 40 and all(passage in own for passage in asked)
    assert {pair.kind for pair in read_pairs(Workspace(ME).drafts_file)} == {"llm"}
    told = [event["note"] for event in job.events if event.get("note")]
    assert told[0].startswith("0 of 40") and any(note.startswith("40 of 40") for note in told)
    run = read_json(job.folder / "run.json")
    assert run["base"] == BASE and run["pairs"]["kinds"][EDIT] == 1 and "kept" not in run["pairs"]["kinds"]
    assert run["pairs"]["loss_after"] < run["pairs"]["loss_before"] and "got better" in told[-1]
    updates = teach.tick(ME, name, *settings)
    assert updates[VOICE]["value"] == job.folder.name and not updates[CLOCK].active and "Held-out loss" in updates[STATUS]
    after = teach.show(ME, job.folder.name, *settings)
    assert "was taught" in text_of(after[ABOUT]) and state.engine(job.folder).rewrites
    assert shown(after[SEEN]) and not shown(teach.show(ME, name, *settings)[SEEN]) and run["taught_from"] == name
    monkeypatch.setattr("vibejam.engine.base_path", lambda name: None)  # the neutraliser fits the real base alone
    *_, table = before_after.compare(ME, job.folder.name)
    held = engine.split_pairs(read_pairs(Workspace(ME).drafts_file))[1]
    rows = table.count("<dl>")
    assert 1 <= rows <= len(held) and all(word in text_of(table) for word in ("Draft", "Before", "After", "You"))
    learnt = {pair.draft for pair in engine.split_pairs(read_pairs(Workspace(ME).drafts_file))[0]}
    assert not [draft for draft in learnt if draft in text_of(table)], "it is shown on what neither voice learnt from"
    Workspace(ME).remove_run(name)
    assert not shown(teach.show(ME, job.folder.name, *settings)[SEEN])
    assert "no longer here" in list(before_after.compare(ME, job.folder.name))[-1]


def test_a_stop_while_it_drafts_keeps_the_drafts_and_the_next_time_asks_for_the_rest(endpoint):  # noqa: F811
    name = on_the_base()
    endpoint.will(*[replies(neutral)] * 8, says_then_hangs("In this"))
    settings = (20, SHORT, endpoint.url, "big", "")
    teach.by_service(ME, name, *settings, f"Send 20 passages to {endpoint.host}")
    job = JOBS.alive()
    until(lambda: len(endpoint.asked) > 10)
    teach.halt(ME, name, *settings)
    assert job.wait(60) and job.status == "stopped" and not job.folder.exists()
    there = read_pairs(Workspace(ME).drafts_file)
    assert 0 < len(there) <= 8 and all("moreover" in pair.draft for pair in there), "none of them was cut short"
    updates = teach.tick(ME, name, *settings)
    assert "Stopped" in updates[STATUS] and "drafted by a service already" in text_of(updates[COST])
    assert not shown(updates[THERE]), "these are too few to learn from alone"
    before = len(endpoint.asked)
    endpoint.will(replies(neutral))
    teach.by_service(ME, name, *settings, teach.show(ME, name, *settings)[SEND]["value"])
    assert JOBS.alive().wait(180)
    assert len(asked_for(endpoint)[before:]) == 20 - len(there)
    assert not {pair.rewrite for pair in there} & set(asked_for(endpoint)[before:])


def test_nothing_is_sent_anywhere_but_where_the_button_said(endpoint):  # noqa: F811
    name = on_the_base()
    for pressed in ("Send 40 passages to api.example.com", "", None, 7):
        updates = teach.by_service(ME, name, 40, SHORT, endpoint.url, "big", "", pressed)
        assert "press again" in text_of(updates[STATUS]) and JOBS.alive() is None
    updates = teach.by_service(ME, name, 40, SHORT, "", "", "", "Send 40 passages to nowhere")
    assert "name one" in text_of(updates[STATUS]) and JOBS.alive() is None and not endpoint.asked


@pytest.mark.parametrize(("most", "minutes"), [(0, 5), (10**9, 5), ("40", 5), (40, 0), (40, float("nan")), (40, None), (40, 1e9)])
def test_what_no_slider_can_say_is_one_sentence(most, minutes, endpoint):  # noqa: F811
    name = made_up("a-voice", {"base": BASE})
    updates = teach.by_service(ME, name, most, minutes, endpoint.url, "big", "", f"Send 40 passages to {endpoint.host}")
    assert "move the slider" in text_of(updates[STATUS]) and JOBS.alive() is None and not endpoint.asked


def made_up(name: str, about: dict) -> str:
    """A run that is only looked at."""
    give_writing()
    write_json(Workspace(ME).runs_folder / name / "run.json", {"status": "done", **about})
    return name


def test_a_voice_that_began_from_nothing_is_taught_by_rules_with_no_model_at_all():
    name = trained()
    updates = teach.show(ME, name, 100, SHORT, "", "", "")
    assert shown(updates[PLAN]) and shown(updates[HERE]) and "learns to copy a draft" in text_of(updates[ABOUT])
    assert "by rules, in seconds" in text_of(updates[COST])
    teach.by_this_machine(ME, name, 100, SHORT, "", "", "")
    job = JOBS.latest(Workspace(ME).runs_folder, TEACH)
    assert job.wait(120) and job.status == "done", job.error
    run = state.read_run(job.folder)
    assert set(run.about["pairs"]["kinds"]) == {"corrupt"} and run.about["pairs"]["loss_after"] < run.about["pairs"]["loss_before"]
    said, table = text_of(progress.status_html(run)), text_of(runs.table_html(ME, run.name))
    assert "pairs it never learnt from" in said and "bits per byte on" not in said
    assert f"{run.about['figures']['val_bits_per_byte']:.2f}" not in table, "no bits of pairs among those of writing"
    updates = teach.tick(ME, name, 100, SHORT, "", "", "")
    assert updates[VOICE]["value"] == job.folder.name and "This voice was taught" in text_of(updates[ABOUT])
    *_, last = list(rewrite.stream(ME, job.folder.name, "paste", "", "", "", "", "I do not know. The gate is shut.", 1.0))
    assert last[1].ended and not text_of(last[3]["value"]), "it rewrites"


def test_a_kind_that_cannot_be_taught_says_what_to_do(endpoint):  # noqa: F811
    name = made_up("a-mamba", {"base": "none", "settings": {"model": {"arch": "mamba"}}})
    updates = teach.show(ME, name, 40, 5, endpoint.url, "big", "")
    assert not shown(updates[PLAN]) and "choose it here" in text_of(updates[ABOUT])
    updates = teach.by_service(ME, name, 40, 5, endpoint.url, "big", "", f"Send 40 passages to {endpoint.host}")
    assert "choose it here" in text_of(updates[STATUS]) and JOBS.alive() is None and not endpoint.asked
    assert "no longer here" in text_of(teach.by_this_machine(ME, "../data", 40, 5, "", "", "")[STATUS])


def test_a_service_that_fails_is_told_in_its_sentence_and_leaves_no_run(endpoint):  # noqa: F811
    name = on_the_base()
    endpoint.will(fails(401))
    teach.by_service(ME, name, 20, SHORT, endpoint.url, "big", "k", f"Send 20 passages to {endpoint.host}")
    job = JOBS.latest(Workspace(ME).runs_folder, TEACH)
    assert job.wait(60) and job.status == "failed" and not job.folder.exists()
    assert "did not accept the key" in text_of(teach.tick(ME, name, 20, SHORT, endpoint.url, "big", "k")[STATUS])


def test_past_so_many_decisions_the_page_offers_to_learn_from_the_new_ones():
    file = Workspace(ME).decisions_file
    untaught, taught = made_up("untaught", {"base": BASE}), made_up("taught", {"base": BASE, "pairs": {"kinds": {EDIT: 3}}})
    for n in range(ENOUGH):
        assert not shown(teach.show(ME, untaught, 40, 5, "", "", "")[BOX])
        keep_decision(file, decision(f"Draft number {n}.", f"Mine, {n}."))
    updates = teach.show(ME, untaught, 40, 5, "", "", "")
    assert shown(updates[BOX]) and f"{ENOUGH} sentences" in text_of(updates[SAID])
    assert not shown(teach.show(ME, taught, 40, 5, "", "", "")[BOX])
    for n in range(3):
        keep_decision(file, decision(f"Another draft, {n}.", f"Mine again, {n}."))
    assert shown(teach.show(ME, taught, 40, 5, "", "", "")[BOX])


def test_only_a_better_voice_is_kept(tmp_path, monkeypatch):
    def learns(after):
        def finetune(source, pairs, folder, *rest):
            folder.mkdir()
            write_json(folder / "run.json", {"pairs": {"loss_before": 2.0, "loss_after": after, "held_out": 9}})
            yield progress_event()

        return finetune

    def progress_event():
        return engine.TrainEvent(1, 1.0, 1.0, 0.0, 1.0, 1.0)

    for after, kept in ((1.5, True), (2.0, False), (2.5, False)):
        folder = tmp_path / f"run-{after}"
        monkeypatch.setattr(engine, "finetune", learns(after))
        *_, last = engine.teach(tmp_path, folder, [], tmp_path / "none.jsonl", [], None)
        assert folder.exists() == kept and f"2.00 before, {after:.2f} after" in last.note and "9 pairs" in last.note
        assert ("stays as it was" in last.note) != kept


def test_drafts_of_writing_that_was_removed_go_with_it():
    give_writing(pieces=2)
    workspace = Workspace(ME)
    first, second, *_ = workspace.writing()
    passages = [" ".join(entry.document.text.split())[:80] for entry in (first, second)]
    engine_pairs = [Pair(str(n), "A draft.", passage, "llm") for n, passage in enumerate(passages)]
    write_pairs(workspace.drafts_file, engine_pairs)
    workspace.remove(first.id)
    assert [pair.rewrite for pair in read_pairs(workspace.drafts_file)] == passages[1:]
    workspace.remove_all()
    assert not workspace.drafts_file.exists()


def test_no_passage_is_of_writing_that_the_voice_is_measured_on():
    give_writing()
    corpus = state.corpus(ME)
    learnt, held = engine.split_corpus(corpus, 0.1, 1)
    passages = engine.passages_for(corpus, {"settings": {"data": {"val_fraction": 0.1, "seed": 1}}}, 400)
    whole = " ".join(" ".join(text.split()) for text in held)
    assert held and passages and not [passage for passage in passages if passage in whole]
    refused(lambda: engine.passages_for(engine.Corpus((), ()), {}), "add some of your writing")


def test_a_sentence_that_is_edited_becomes_a_pair_that_can_be_seen_and_deleted():
    name = trained()
    *_, last = rewrite.stream(ME, name, "paste", "", "", "", "", "The boiler does not work. It broke at nine.", 1.0)
    sides = last[1]
    edit = {"unit": 0, "what": "edit", "text": "The boiler's done for; nine it was."}
    updates = rewrite.decide(ME, sides, gr.EventData(None, edit))
    assert updates[0].review.text.startswith("The boiler's done for") and "your words" in text_of(updates[1])
    (pair,) = decisions(Workspace(ME).decisions_file)
    assert pair.kind == EDIT and pair.rewrite == "The boiler's done for; nine it was."
    assert "What you decided (1)" in str(updates[3]) and "nine it was" in " ".join(text_of(updates[4]).split())
    assert "no longer here" in text_of(decided.remove(ME, gr.EventData(None, {"id": "../x"}))[2]["value"])
    label, listing, told = decided.remove(ME, gr.EventData(None, {"id": pair.id}))
    assert decisions(Workspace(ME).decisions_file) == [] and "Nothing yet" in listing and not shown(told)


@pytest.mark.parametrize("sent", [{}, {"unit": 0}, {"unit": 99, "what": "take"}, {"unit": 0, "what": "__class__"},
                                  {"unit": "0", "what": "take"}, {"unit": 0, "what": "edit", "text": 7}])  # fmt: skip
def test_an_act_that_no_page_sends_is_one_sentence_and_keeps_nothing(sent):
    sides = review.Sides(review.Review((), (), ()), "", "")
    for shown_sides in (sides, None, "sides"):
        updates = rewrite.decide(ME, shown_sides, gr.EventData(None, sent))
        assert shown(updates[3 - 1]) and updates[2]["value"].count("<p>") == 1
    assert decisions(Workspace(ME).decisions_file) == []


def test_what_is_shown_of_a_draft_is_text_and_never_code():
    evil = "<img src=x onerror=alert(1)> is what the man at the desk wrote down for me."
    steps = list(rewrite.stream(ME, trained(), "paste", "", "", "", "", evil, 1.0))
    assert "<img" not in steps[-1][2] and "&lt;img" in steps[-1][2]
    assert "<img" not in decided.list_html([decision(evil, evil + "<b>"), decision(evil, evil)])
