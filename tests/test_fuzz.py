"""Nonsense, as much as the budget allows: whatever is read, typed or sent is answered in a sentence or not at all.

The budget is fixed; VIBEJAM_FUZZ=50 makes it fifty times as large.
"""

import json
import os
import string
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from runs import TOKENIZER, small
from tally import count

from pages import labs, rewrite, sample, state, train, write
from pages import settings as settings_page
from vibejam.checkpoint import load_model, read_json, read_metrics, save_model
from vibejam.cli import main
from vibejam.errors import UserError
from vibejam.readers import Document, Skipped, read_bytes
from vibejam.rewrite.pairs import read_pairs
from vibejam.serve import ChatRequest, Refused
from vibejam.workspace import Workspace

pytestmark = pytest.mark.security

TIMES = float(os.environ.get("VIBEJAM_FUZZ", "1"))


def budget(examples: int):
    checks = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
    number = max(1, round(examples * TIMES))
    return settings(max_examples=number, deadline=None, derandomize=TIMES == 1, database=None, suppress_health_check=checks)


NUMBERS = st.integers() | st.floats() | st.sampled_from([2**63, 10**40, -1, 0, float("nan"), float("inf"), 1e308])
TEXTS = st.text(max_size=40) | st.sampled_from(["", "../../etc/passwd", "\0", "me", "a" * 5000, "\ud800", "{}", "<script>"])
LEAVES = st.none() | st.booleans() | NUMBERS | TEXTS
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=12)


def one_sentence(error: UserError) -> None:
    sentence = str(error)
    assert sentence.endswith(".") and "Traceback" not in sentence
    count("inputs refused in a sentence")


@given(data=st.binary(max_size=400), ending=st.sampled_from("txt docx pdf eml mbox rtf zip html json csv".split()))
@budget(200)
def test_bytes_of_any_kind_are_read_or_left_out_with_a_reason(data, ending):
    count("inputs tried")
    for result in read_bytes(f"a.{ending}", data):
        assert isinstance(result, Document) or (isinstance(result, Skipped) and result.reason)


@pytest.fixture(scope="module")
def folder():
    with tempfile.TemporaryDirectory() as place:
        save_model(Path(place), small(), TOKENIZER)
        yield Path(place)


def paths_in(value, path=()):
    yield path
    if isinstance(value, dict):
        for key in value:
            yield from paths_in(value[key], (*path, key))


@given(data=st.data())
@budget(150)
def test_a_run_s_json_changed_anywhere_opens_or_is_refused(folder, data):
    """One place of config.json or of the tokenizer is replaced by nonsense, or some of its bytes are."""
    count("inputs tried")
    path = folder / data.draw(st.sampled_from(["config.json", "tokenizer.json"]))
    whole = path.read_bytes()
    try:
        if data.draw(st.booleans()):
            value = json.loads(whole)
            places = [place for place in paths_in(value) if place and place[:2] != ("model", "vocab")]
            *way, last = data.draw(st.sampled_from(places))
            inner = value
            for key in way:
                inner = inner[key]
            inner[last] = data.draw(JSON)
            path.write_bytes(json.dumps(value).encode(errors="surrogatepass"))
        else:
            at = data.draw(st.integers(0, len(whole)))
            path.write_bytes(whole[:at] + data.draw(st.binary(max_size=8)) + whole[at + data.draw(st.integers(0, 8)) :])
        load_model(folder)
    except UserError as error:
        one_sentence(error)
    finally:
        path.write_bytes(whole)


@given(value=JSON, torn=st.binary(max_size=30))
@budget(150)
def test_any_run_json_curve_and_pairs_are_shown_or_refused(home, value, torn):
    count("inputs tried")
    run = home / "checkpoints" / "a"
    run.mkdir(parents=True, exist_ok=True)
    text = json.dumps(value).encode(errors="surrogatepass")
    for data in (text, text + torn, json.dumps({"iteration": 1, "text": value, "settings": value, "status": value}).encode()):
        for name in ("run.json", "metrics.jsonl", "pairs.jsonl"):
            (run / name).write_bytes(data)
        read_metrics(run)
        state.read_run(run)
        train.opened("me", "a")
        for read in (read_json, read_pairs):
            try:
                read(run / ("run.json" if read is read_json else "pairs.jsonl"))
            except UserError as error:
                one_sentence(error)


FLAGS = """
    --text-path --ckpt-path --max-iters --minutes --seed --n-layer --n-embd --prompt --top-p --temperature --json --draft
    --drafts --out --pairs --author --format --device --base --resume --raw --limit --method
""".split()
COMMANDS = """
    train-lm evaluate sample-lm make-pairs train-rewrite-finetune rewrite-demo judge export prepare-data
""".split()
WORDS = st.text(string.printable, max_size=12) | st.sampled_from(["nan", "-1", "0", "1e99", "9" * 30, "/dev/null", ".", "", "none"])


@given(command=st.sampled_from(COMMANDS), rest=st.lists(st.sampled_from(FLAGS) | WORDS, max_size=8))
@budget(150)
def test_any_command_line_is_answered_with_0_or_2_and_never_a_traceback(home, command, rest):
    count("inputs tried")
    home.mkdir(exist_ok=True)
    before = os.getcwd()
    os.chdir(home)
    told = StringIO()
    try:
        with redirect_stderr(told), redirect_stdout(StringIO()):
            try:
                status = main([command, *rest])
            except SystemExit as ended:
                status = ended.code
    finally:
        os.chdir(before)
    assert status in (0, 2), (command, rest)
    assert "Traceback" not in told.getvalue()
    count("inputs refused in a sentence", status == 2)


ALSO = {name: JSON for name in ("max_tokens", "temperature", "stop", "seed", "stream")}


@given(body=JSON | st.fixed_dictionaries({"model": TEXTS, "messages": JSON}, optional=ALSO))
@budget(300)
def test_any_chat_request_is_taken_or_refused_with_a_place(body):
    count("inputs tried")
    try:
        ChatRequest.read(json.dumps(body).encode(errors="surrogatepass"))
    except Refused as refusal:
        assert 400 <= refusal.status_code < 500 and refusal.detail
        count("inputs refused in a sentence")


ODD = st.sampled_from(["", "../..", "\0", "nobody", "a" * 3000, "<b>", "2026-11-22-160512-quick/../.."]) | st.text(max_size=20)


MANY = st.lists(ODD, min_size=len(settings_page.FIELDS) + 1, max_size=len(settings_page.FIELDS) + 1)


@given(name=ODD, text=st.text(max_size=60), number=NUMBERS | st.text(max_size=5) | st.none(), values=MANY)
@budget(60)
def test_every_page_s_handlers_answer_whatever_they_are_sent(home, name, text, number, values):
    """Each is a public endpoint, whatever the page shows; none may raise, and none may reach out of the home."""
    count("inputs tried")
    listed = set(home.rglob("*")) if home.exists() else set()
    write.take_pasted("me", text)
    train.opened("me", name)
    train.begin("me", name, name, "none", *values)
    train.go_on("me", name)
    train.end("me", name, name)
    train.remove("me", name)
    train.tick("me", name, name)
    labs.opened("me", name)
    labs.compare("me", name, values, number, number)
    labs.cost_html("me", name, values, number, number)
    labs.tick("me", name, text)
    labs.halt("me", name)
    labs.remove("me", name)
    list(sample.stream("me", name, text, number, number, number, number, text))
    for source in (rewrite.PASTE, name):
        list(rewrite.stream("me", name, source, text, "", "", "", text, number))
    with pytest.raises(UserError):
        Workspace().remove(name)
    with pytest.raises(UserError):
        Workspace().run(name)
    new = {path for path in home.rglob("*")} - listed
    assert all(path.is_relative_to(home / "data" / "me") for path in new if path.is_file())
    write.remove_everything("me")
