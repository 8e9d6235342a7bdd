"""What a person changes in drafts again and again.

It is seen after three times, made from then on, and ended by thinking better of it.
"""

import asyncio
import json
import os
import subprocess
import sys
from contextlib import contextmanager

import openai
import pytest

from vibejam.cli import main
from vibejam.rewrite import HABITS, rewrite_text
from vibejam.rewrite.decisions import decision
from vibejam.rewrite.habits import habits_of, with_habits
from vibejam.rewrite.manner import learn_manner
from vibejam.rewrite.pairs import Pair, write_pairs
from vibejam.rewrite.proposers import EditsProposer
from vibejam.rewrite.review import review
from vibejam.voice import background_drafts
from vibejam.workspace import Workspace

SAMPLES = [
    ("customers", "folks", ["Our {} like the new shop.", "We told all {} about it at once.", "{} may ring the bell."]),
    ("make use of", "use", ["Please {} the back door.", "They {} old seed trays here.", "You can {} my barrow today."]),
    ("in order to", "to", ["We came {} help you move.", "I wrote {} thank them all.", "{} pay for it, we sold cakes."]),
    ("very", "", ["It was {} cold in the shed.", "A {} long letter came.", "They are {} good to us here."]),
    ("Additionally,", "", ["{} we need chairs for the day.", "{} the hall is open now.", "{} bring a cup with you."]),
    ("I am writing", "this is", ["{} to say we are here.", "{} to thank you both.", "Yes. {} to ask for it."]),
    ("address", "fix", ["We want to {} this with the club.", "They will {} the noise soon.", "I {} such things at once."]),
]


def edits(before, after, frames):
    def put(frame, phrase):
        text = " ".join(frame.format(phrase).split())
        return text[0].upper() + text[1:]

    return [decision(put(frame, before), put(frame, after)) for frame in frames]


@pytest.mark.parametrize("before, after, frames", SAMPLES)
def test_a_change_made_three_times_is_a_habit_and_two_times_are_none(before, after, frames):
    (found,) = habits_of(edits(before, after, frames))
    assert found.before == before.lower().replace(",", " ,") and found.after == after and (found.times, found.chances) == (3, 3)
    assert habits_of(edits(before, after, frames[:2])) == []
    assert habits_of(edits(before, after, frames[:1] * 3)) == [], "one draft, however often it was decided"


def test_habits_are_made_where_they_fit_and_nowhere_else():
    known = habits_of([pair for sample in SAMPLES for pair in edits(*sample)])
    for draft, after in {
        "Customers who wait in order to make use of it are few.": "Folks who wait to use it are few.",
        "It rained. Additionally, an employee came.": "It rained. An employee came.",
        "The address is new, and we must address it.": "The address is new, and we must fix it.",  # a noun stays
        "It isn't very cold, nor so very late, and very wet.": "It isn't very cold, nor so very late, and wet.",
        "They stand in order of size.": "They stand in order of size.",
        "The sign says “our customers make use of it” here.": "The sign says “our customers make use of it” here.",
        "Nobody is here.": "Nobody is here.",
    }.items():
        assert with_habits(draft, known) == after


def test_no_fact_is_a_habit_however_often_it_was_changed():
    facts = [("Monday", "Tuesday"), ("40", "50"), ("always", "never"), ("Bado", "Sam"), ("must", "may"), ("more", "less")]
    for before, after in facts:
        frames = [f"{{}} {rest}." for rest in ("the shop is open there", "we meet in the hall", "the bell is rung twice")]
        rests = ("people come by train", "there is bread in the shop", "we sing in the hall")
        frames += [f"On that day {{}} {rest}." for rest in rests]
        assert habits_of(edits(before, after, frames)) == [], before


def test_who_keeps_the_draft_s_word_ends_it_and_drafts_made_of_their_own_words_begin_none():
    before, after, frames = SAMPLES[0]
    kept = [decision(f"Some customers came in {month}.", f"Some customers came in {month}.") for month in ("May", "June")]
    assert habits_of(edits(before, after, frames) + kept[:1]) and not habits_of(edits(before, after, frames) + kept)
    made_here = [Pair(str(n), pair.draft, pair.rewrite, "local") for n, pair in enumerate(edits(before, after, frames))]
    assert habits_of(made_here) == []


def test_a_rewrite_has_the_habit_its_draft_the_draft_s_own_word_and_either_can_be_chosen():
    writing = ["But I don't think so; it isn't mine. We came home, and it was raining on the old gate. " * 20]
    manner = learn_manner(writing, background_drafts(), [])
    draft = "I do not know what customers make of that. It is late."
    for strength in (0.0, 1.0):
        known = habits_of(edits(*SAMPLES[0]))
        found = rewrite_text(draft, manner, [EditsProposer(manner)], habits=known, strength=strength)
        assert "folks" in found.text and "customers" not in found.text
        (choice,) = found.choices
        assert choice.draft == draft and choice.considered[0].text == draft
        assert HABITS in {one.by for one in choice.considered}
        (sentence,) = review(found).sentences
        assert sentence.changed and all("folks" in version for version in sentence.versions)
        assert review(found).keep_draft(0).text == draft
    same = rewrite_text(draft, manner, [], habits=known)
    assert same.choices[0].by == HABITS and same.text == draft.replace("customers", "folks")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run as the command line makes it, in a moment."""
    folder = tmp_path_factory.mktemp("habits")
    (folder / "letters.txt").write_text("But I don't think so; it isn't mine. We came home, and it rained on the old gate. " * 40)
    shape = ["--n-layer", "1", "--n-head", "2", "--n-embd", "16", "--block-size", "16", "--tokenizer", "char", "--max-iters", "2"]
    assert main(["train-lm", "--text-path", str(folder / "letters.txt"), "--ckpt-path", str(folder / "run"), *shape]) == 0
    return str(folder / "run")


def test_the_command_line_reads_edits_from_a_file(run, tmp_path, capsys):
    write_pairs(tmp_path / "edits.jsonl", edits(*SAMPLES[0]))
    command = ["rewrite-demo", "--ckpt-path", run, "--draft", "All customers are here now.", "--json"]
    assert main(command) == 0
    assert "customers" in json.loads(capsys.readouterr().out.splitlines()[-1])["rewrite"]
    assert main([*command, "--edits", str(tmp_path / "edits.jsonl")]) == 0
    assert "folks" in json.loads(capsys.readouterr().out.splitlines()[-1])["rewrite"]
    assert main([*command, "--edits", str(tmp_path / "nothing.jsonl")]) == 2
    assert "can't be read" in capsys.readouterr().err


@contextmanager
def served(run, draft):
    """What `vibejam serve` makes of a draft, as its clients ask for it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "vibejam.cli", "serve", "--ckpt-path", run, "--port", "0"], stderr=subprocess.PIPE, text=True
    )
    try:
        url = next(word.rstrip(";") for word in process.stderr.readline().split() if word.startswith("http"))
        with openai.OpenAI(base_url=url, api_key="none", max_retries=0) as client:
            asked = [{"role": "user", "content": draft}]
            yield lambda: client.chat.completions.create(model="vibejam-rewrite", messages=asked).choices[0].message.content
    finally:
        process.kill()
        process.communicate()


def test_programs_that_ask_the_voice_get_what_was_always_changed_in_the_app(run, tmp_path, monkeypatch):
    monkeypatch.setenv("VIBEJAM_HOME", str(tmp_path))
    with served(run, "All customers are here now.") as ask:
        assert "customers" in ask()
        path = Workspace().decisions_file
        path.parent.mkdir(parents=True)
        write_pairs(path, edits(*SAMPLES[0]))
        assert "folks" in ask(), "what is decided while it runs counts from then on"


def test_so_does_an_assistant_over_mcp(run, tmp_path, monkeypatch):
    mcp = pytest.importorskip("mcp", reason='NOT RUN: no MCP client called the tool; pip install -e ".[mcp]" for that')
    monkeypatch.setenv("VIBEJAM_HOME", str(tmp_path))
    path = Workspace().decisions_file
    path.parent.mkdir(parents=True)
    write_pairs(path, edits(*SAMPLES[0]))
    command = ["-m", "vibejam.cli", "mcp", "--ckpt-path", run]

    async def talk():
        async with mcp.Client(mcp.StdioServerParameters(command=sys.executable, args=command, env={**os.environ})) as client:
            return await client.call_tool("rewrite", {"draft": "All customers are here now."})

    assert "folks" in asyncio.run(talk()).structured_content["rewrite"]
