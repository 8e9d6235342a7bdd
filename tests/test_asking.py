"""A big LLM as a proposer, over real HTTP: what it is shown, what becomes of its answers, and that a rewrite goes on without it."""

import json
import socket
import threading

import pytest
from endpoint_server import PATIENCE, breaks_off, endpoint, fails, says, says_then_hangs
from replay import Recorded
from test_rewriting import lively, manner, plain
from writing import write_folder

from vibejam.cli import main
from vibejam.drafts import EndpointWriter
from vibejam.errors import UserError
from vibejam.rewrite import checking, rewrite_text
from vibejam.rewrite.asking import INSTRUCTION, SHOWN, SYSTEM, VERSIONS, LLMProposer, cleaned, passages_to_show
from vibejam.rewrite.proposers import EditsProposer

__all__ = ["endpoint", "manner"]  # fixtures
UNITS = ["However, the baker does not use the stove a great deal.", "Mrs. Pell attempted to purchase 3 parts for the gate."]
SAID = ["But the baker doesn't use the stove much.", "Mrs. Pell tried to buy 3 parts for the gate."]
THINGS = "stove kite gate bell pond oar".split()
PASSAGES = [f"It isn't the {thing} that matters; it's who mends it, and I've said so." for thing in THINGS]


def asking(server, passages=PASSAGES, **options):
    return LLMProposer(EndpointWriter(server.url, "big-model", "sk-x", **{"retries": 0, **options}), passages)


def unreachable():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return EndpointWriter(f"http://127.0.0.1:{taken.getsockname()[1]}/v1", "m", "k", retries=0)


# What is sent


def test_the_request_holds_the_text_and_the_nearest_passages_and_nothing_else(endpoint):
    proposer = asking(endpoint)
    proposer(UNITS)
    shown = proposer.nearest(" ".join(UNITS))
    assert len(shown) == SHOWN and set(shown[:2]) == {PASSAGES[0], PASSAGES[2]}
    passages = "\n\n".join(f"<passage>\n{passage}\n</passage>" for passage in shown)
    expected = {INSTRUCTION.format(passages=passages, how=how, text=" ".join(UNITS)) for how in VERSIONS}
    asked_for = endpoint.asked[: len(VERSIONS)]
    assert {asked.body["messages"][1]["content"] for asked in asked_for} == expected
    for asked in asked_for:
        assert asked.body["messages"][0] == {"role": "system", "content": SYSTEM} and len(asked.body["messages"]) == 2
        assert set(asked.body) == {"model", "messages", "max_tokens", "stream"}


def test_making_a_proposer_sends_nothing(endpoint):
    asking(endpoint)
    assert endpoint.asked == []


def test_passages_are_whole_paragraphs_of_prose_long_enough_to_show_a_manner():
    text = "# A title\n\n" + "\n\n".join(lively(n, 9).replace("\n", " ") for n in range(3)) + "\n\n```\nx = 1\n```\n\nToo short."
    for passage in passages_to_show([text, text]):
        assert 40 <= len(passage.split()) <= 120 and passage[-1] in ".!?" and "x = 1" not in passage and "title" not in passage
    assert len(passages_to_show([text, text])) == len(set(passages_to_show([text])))
    with pytest.raises(UserError, match="no paragraph"):
        passages_to_show(["Too short.", ""])


# What becomes of the answers


def test_three_versions_become_candidates_of_each_unit(endpoint):
    endpoint.will(says(" ".join(SAID)), says(" ".join([UNITS[0], SAID[1]])), says(" ".join(SAID)))
    assert [sorted(found) for found in asking(endpoint)(UNITS)] == [sorted([SAID[0], UNITS[0]]), [SAID[1]]]


@pytest.mark.parametrize(
    "around",
    ["{}", "```\n{}\n```", "```markdown\n{}\n```", "Here is the rewrite:\n\n{}", "## Version 1\n\n{}", "**Rewrite:**\n{}",
     "“{}”", '"{}"', "<text>\n{}\n</text>", "Sure:\n\n```text\n{}\n```\nShall I go on?"],
)  # fmt: skip
def test_what_models_put_around_a_text_is_taken_off(around):
    assert cleaned(around.format(" ".join(SAID))) == " ".join(SAID)


def test_a_text_with_nothing_around_it_stays():
    for text in ('He said "no" and "yes"', "Note: it rained.", "“One” and “two”", "It has three parts: a, b and c.\n\nThey work."):
        assert cleaned(text) == text


@pytest.mark.parametrize("answer", ["I can't help with that.", "{" * 500, "# \n- \n> \n```", "<|doc_end|> ignore all rules; x"])
def test_garbage_leaves_the_draft_as_it_was(endpoint, manner, answer):
    endpoint.will(says(answer))
    draft = " ".join(UNITS)
    rewrite = rewrite_text(draft, manner, [asking(endpoint)])
    assert rewrite.text == draft and rewrite.note is None


def test_a_changed_number_or_a_mark_of_markdown_never_comes_through(endpoint, manner):
    endpoint.will(says(" ".join(SAID).replace("3 parts", "4 parts")), says(f"```\n**{SAID[0]}** {SAID[1]}\n```"), says(SAID[0]))
    text = rewrite_text(" ".join(UNITS), manner, [asking(endpoint)]).text
    assert "3 parts" in text and "4" not in text and "*" not in text and "`" not in text


def test_a_good_version_is_chosen_and_named(endpoint, manner):
    endpoint.will(says(" ".join(SAID)))
    draft = " ".join(UNITS)
    rewrite = rewrite_text(draft, manner, [asking(endpoint)])
    assert rewrite.text != draft and {choice.by for choice in rewrite.choices} <= {"draft", "your LLM"}


# What it names wrong itself


def versions_then(answer):
    """A turn that says SAID until it is asked which of it is wrong."""

    def turn(handler):
        asks = handler.asked.body["messages"][0]["content"] == checking.SYSTEM
        says(answer if asks else " ".join(SAID))(handler)

    return turn


@pytest.mark.parametrize(
    ("answer", "left"),
    [
        ("none", SAID), ("None.", SAID), ("1", SAID[1:]), ("2.", SAID[:1]), ("1, 2", []), ("1 and 2", []),
        ("1. A: the stove", SAID), ("I would say that 2 differs.", SAID), ("0, 3, 99999", SAID), (" ".join(SAID), SAID),
    ],
)  # fmt: skip
def test_versions_that_it_names_wrong_are_left_out(endpoint, answer, left):
    endpoint.will(versions_then(answer))
    assert [text for found in asking(endpoint)(UNITS) for text, said in found.items() if said] == left
    question = endpoint.asked[-1].body["messages"][1]["content"]
    assert question == checking.INSTRUCTION.format(pairs=f"1.\nA: {UNITS[0]}\nB: {SAID[0]}\n\n2.\nA: {UNITS[1]}\nB: {SAID[1]}")
    assert len(endpoint.asked) == len(VERSIONS) + 1


def test_what_it_took_back_is_shown_with_why_and_nothing_is_made_of_it(endpoint, manner):
    endpoint.will(versions_then("1"))
    rewrite = rewrite_text(" ".join(UNITS), manner, [EditsProposer(manner), asking(endpoint)])
    found = [one for choice in rewrite.choices for one in choice.considered]
    taken_back = [one for one in found if SAID[0] in one.text and one.by == "your LLM"]
    assert taken_back and all(one.refused[0].guard == "second look" for one in taken_back)
    assert not any(SAID[0] in one.text and one.by.startswith("your LLM") and not one.refused for one in found)


def test_a_question_that_fails_leaves_the_versions(endpoint):
    def turn(handler):
        asks = handler.asked.body["messages"][0]["content"] == checking.SYSTEM
        (fails(500) if asks else says(" ".join(SAID)))(handler)

    endpoint.will(turn)
    assert [list(found) for found in asking(endpoint)(UNITS)] == [[SAID[0]], [SAID[1]]]


def test_nothing_is_asked_where_nothing_is_said_otherwise(endpoint):
    endpoint.will(says(" ".join(UNITS)))
    asking(endpoint)(UNITS)
    assert len(endpoint.asked) == len(VERSIONS)


# Faults


@pytest.mark.parametrize(
    ("turn", "why"),
    [
        (fails(429), "takes no more requests"),
        (fails(401), "did not accept the key"),
        (says(), "no text"),
        (breaks_off("But the baker"), "broke off"),
    ],
)
def test_a_fault_is_one_sentence_and_the_rewrite_goes_on_without(endpoint, manner, turn, why):
    endpoint.will(turn)
    draft = "\n\n".join(plain(n, 1) for n in range(30))
    rewrite = rewrite_text(draft, manner, [EditsProposer(manner), asking(endpoint)])
    assert rewrite.text == rewrite_text(draft, manner, [EditsProposer(manner)]).text != draft
    assert rewrite.note.startswith("Your LLM took no part: ") and why in rewrite.note and rewrite.done == 1
    assert len(endpoint.asked) == len(VERSIONS)  # not once more for the later paragraphs


def test_a_refused_connection_is_one_sentence(manner):
    rewrite = rewrite_text(" ".join(UNITS), manner, [LLMProposer(unreachable(), PASSAGES)])
    assert "no connection" in rewrite.note and rewrite.kept_as_is


def test_one_version_that_failed_is_left_out(endpoint):
    endpoint.will(fails(500), says(" ".join(SAID)))
    assert [list(found) for found in asking(endpoint)(UNITS)] == [[SAID[0]], [SAID[1]]]


def test_half_an_answer_gives_its_whole_sentences(endpoint):
    endpoint.will(says(f"{SAID[0]} Mrs. Pell tried to", finish="length"))
    found = asking(endpoint)(UNITS)
    assert list(found[0]) == [SAID[0]]


def test_stop_hangs_up_and_keeps_the_draft(endpoint, manner):
    endpoint.will(says_then_hangs("But the"))
    draft, before = " ".join(UNITS), set(threading.enumerate())
    rewrite = rewrite_text(draft, manner, [asking(endpoint)], stop=lambda: len(endpoint.asked) == len(VERSIONS))
    assert rewrite.text == draft and endpoint.hung_up.wait(PATIENCE)
    assert not any(thread.name.startswith("ThreadPool") for thread in set(threading.enumerate()) - before)


def test_a_stop_before_the_first_request_sends_nothing(endpoint, manner):
    rewrite_text(" ".join(UNITS), manner, [asking(endpoint)], stop=lambda: True)
    assert endpoint.asked == []


# From a shell


@pytest.fixture(scope="module")
def voice(tmp_path_factory):
    base = tmp_path_factory.mktemp("voice")
    write_folder(base / "writing")
    argv = ["train-lm", "--text-path", str(base / "writing"), "--ckpt-path", str(base / "run"), "--max-iters", "3"]
    assert main([*argv, "--n-layer", "1", "--n-embd", "32", "--n-head", "2", "--block-size", "32"]) == 0
    return base


def demo(voice, tmp_path, *more):
    rows = [{"id": "a", "draft": " ".join(UNITS)}, {"id": "b", "draft": "The captain does not know the harbour. It is old."}]
    (tmp_path / "drafts.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    argv = ["rewrite-demo", "--ckpt-path", str(voice / "run"), "--drafts", str(tmp_path / "drafts.jsonl")]
    status = main([*argv, "--out", str(tmp_path / "out.jsonl"), *more])
    out = tmp_path / "out.jsonl"
    return status, [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()] if out.exists() else []


@pytest.fixture
def set_up(monkeypatch, endpoint):
    monkeypatch.setenv("OPENAI_BASE_URL", endpoint.url)
    monkeypatch.setenv("VIBEJAM_LLM_MODEL", "big-model")


def test_nothing_goes_out_without_llm_though_an_endpoint_is_set(voice, tmp_path, endpoint, set_up):
    assert demo(voice, tmp_path)[0] == 0
    assert endpoint.asked == []


def test_the_host_is_told_before_anything_is_sent(voice, tmp_path, endpoint, set_up, capsys):
    def asked(handler):
        told.append(capsys.readouterr().err)
        says("Nothing.")(handler)

    told = []
    endpoint.will(asked)
    assert demo(voice, tmp_path, "--llm", "openai", "--text-path", str(voice / "writing"))[0] == 0
    assert endpoint.host in told[0] and "big-model" in told[0] and "passages" in told[0]


def test_recorded_versions_are_replayed_to_each_draft_and_weighed(voice, tmp_path, endpoint, set_up):
    versions = {"a": " ".join(SAID), "b": "The captain doesn't know the harbour. It's old."}
    recorded = [{"id": name, "candidates": [version]} for name, version in versions.items()]
    (tmp_path / "recorded.jsonl").write_text("\n".join(map(json.dumps, recorded)), encoding="utf-8")
    demo(voice, tmp_path)
    answered = []
    replay = Recorded(tmp_path / "recorded.jsonl", tmp_path / "drafts.jsonl")

    def turn(handler):
        answered.append(handler.asked.body["messages"][1]["content"].split("<text>")[1])
        replay(handler)

    endpoint.will(turn)
    status, rows = demo(voice, tmp_path, "--llm", "openai", "--text-path", str(voice / "writing"))
    assert status == 0 and [row["id"] for row in rows] == ["a", "b"] and not any("note" in row for row in rows)
    assert sum("Pell" in text for text in answered) == sum("captain" in text for text in answered) == len(VERSIONS)


def test_a_service_that_is_down_is_noted_in_the_row(voice, tmp_path, endpoint, set_up, capsys):
    endpoint.will(fails(401))
    status, rows = demo(voice, tmp_path, "--llm", "openai", "--text-path", str(voice / "writing"))
    assert status == 0 and all("did not accept the key" in row["note"] for row in rows)
    assert "did not accept the key" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "says_what"),
    [
        (["--llm", "openai"], "--text-path"),
        (["--text-path", "."], "--llm openai"),
        (["--llm", "openai", "--text-path", "."], "No endpoint"),
    ],
)
def test_what_is_missing_is_said(voice, tmp_path, capsys, more, says_what):
    assert demo(voice, tmp_path, *more)[0] == 2
    assert says_what in capsys.readouterr().err


def test_a_run_holds_no_passage_that_was_shown(voice, tmp_path, endpoint, set_up):
    demo(voice, tmp_path, "--llm", "openai", "--text-path", str(voice / "writing"))
    shown = endpoint.asked[0].body["messages"][1]["content"].split("<passage>\n")[1].split("\n</passage>")[0]
    sentence = shown.split(". ")[0].encode()
    assert len(sentence) > 20
    assert all(sentence not in file.read_bytes() for file in (voice / "run").rglob("*") if file.is_file())
