"""Pairs: read and written whole, made by rules, by a model or by an endpoint, sieved, and never made twice."""

import json

import pytest
from endpoint_server import endpoint, says
from runs import refused
from writing import essay, write_folder

from vibejam.cli import main
from vibejam.errors import UserError
from vibejam.rewrite import making
from vibejam.rewrite.corruption import corrupt
from vibejam.rewrite.pairs import Pair, read_pairs, write_pairs

__all__ = ["endpoint"]
PASSAGE = "I didn't go (it was raining); Mrs Pell went with 46 buckets. But she's back — and nobody's been told."
OWN = [f"It wasn't the {thing}; it was the dog (again). But I said I'd mend the {thing}, so I bought {n} nails."
       for n, thing in enumerate("gate ladder kettle bucket clock boat bell lamp fence stool door sign".split(), 3)]  # fmt: skip


# the file


def test_pairs_come_back_as_they_were_written(tmp_path):
    pairs = [Pair("1", "A draft.", "My “own”\u2028words\n{here}.", "edit"), Pair("2", "Another.", "Mine.", "local")]
    write_pairs(tmp_path / "p.jsonl", pairs)
    assert read_pairs(tmp_path / "p.jsonl") == pairs


def test_an_original_counts_as_the_rewrite(tmp_path):
    (tmp_path / "p.jsonl").write_text('\ufeff{"id": 7, "draft": " d ", "original": "o"}\n\n', encoding="utf-8")
    assert read_pairs(tmp_path / "p.jsonl") == [Pair("7", "d", "o", "given")]


@pytest.mark.parametrize(
    "line", ['{"draft": "d"}', '{"draft": "d", "rewrite": " "}', '{"draft": 3, "rewrite": "r"}', "[1]", "nonsense", "[" * 9000]
)
def test_a_bad_row_is_named_by_its_line(tmp_path, line):
    (tmp_path / "p.jsonl").write_text(f'{{"draft": "d", "rewrite": "r"}}\n\n{line}\n', encoding="utf-8")
    refused(lambda: read_pairs(tmp_path / "p.jsonl"), "Line 3", "p.jsonl")


def test_a_file_that_is_missing_empty_or_no_text_is_refused_in_a_sentence(tmp_path):
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    for name in ("missing", "empty", "binary"):
        refused(lambda name=name: read_pairs(tmp_path / name), name)


# passages


def test_passages_are_one_to_four_sentences_of_a_paragraph_word_for_word():
    text = essay(3)
    passages = making.passages_of([text, "A line that leads up to a list of things\n\n", text], seed=2)
    assert passages and len(set(passages)) == len(passages)
    paragraphs = text.split("\n\n")
    assert all(any(passage in paragraph for paragraph in paragraphs) for passage in passages)
    assert {passage.count(".") for passage in passages} == {1, 2, 3, 4}
    assert passages == making.passages_of([text], seed=2) != making.passages_of([text], seed=3)
    assert set(passages) == set(making.passages_of([text], seed=3)), "another order of the same: what is drafted is not lost"


def test_what_is_not_prose_is_no_passage():
    text = "# A heading of some length with many words in it\n\n> Quoted from somebody else, who wrote it long ago.\n\n"
    text += "```\nint main(void) { return 0; } // and so on and on\n```\n\nThis is the one sentence that the person wrote.\n"
    assert making.passages_of([text]) == ["This is the one sentence that the person wrote."]


# by rules


def test_corruption_flattens_the_manner_and_keeps_the_facts():
    flat = next(c for seed in range(20) if (c := corrupt(PASSAGE, seed)) and ";" not in c and "(" not in c and "—" not in c)
    assert "Mrs Pell" in flat and "46" in flat and "  " not in flat and " ." not in flat
    full = {corrupt(PASSAGE, seed) for seed in range(20)}
    assert any("did not" in text for text in full if text) and any("However, she" in text for text in full if text)


def test_corruption_is_the_same_for_a_seed_and_another_for_another():
    assert [corrupt(text, 4) for text in OWN] == [corrupt(text, 4) for text in OWN] != [corrupt(text, 5) for text in OWN]


def test_between_a_tenth_and_a_fifth_of_the_pairs_are_identities():
    pairs = [(text, corrupt(text)) for n in range(40) for text in [own.replace("dog", f"dog of No. {n}") for own in OWN]]
    made = [(text, flat) for text, flat in pairs if flat is not None]
    assert 0.1 < sum(text == flat for text, flat in made) / len(made) < 0.2


def test_quotations_code_and_addresses_are_not_corrupted():
    kept = ["“I don't buy it; (not) now — ever!”", "`don't(); buy`", "https://example.org/a;b—c(d)"]
    text = f"He said {kept[0]} and I ran {kept[1]} from {kept[2]} but it didn't work; so I bought another (a new one)."
    for seed in range(15):
        flat = corrupt(text, seed)
        assert all(part in flat for part in kept)


def test_a_passage_without_anything_to_flatten_gives_no_pair():
    plain = "Frost Monday and frost Tuesday and the trough froze."
    assert {corrupt(plain, seed) for seed in range(40)} == {None, plain}


# sieving

NEUTRAL = "I stayed at home due to the rain, and I was not sorry, while Mrs Pell took 46 buckets with her and has since returned."
WORDS = "It rained, so I didn't go (no loss); Mrs Pell went, with 46 buckets, and came back."


def test_a_draft_that_says_the_same_in_other_words_passes():
    assert making.fault(WORDS, NEUTRAL) is None


@pytest.mark.parametrize(
    "draft, what",
    [
        (NEUTRAL.replace("46", "64"), "numbers"),
        (NEUTRAL.replace("46 ", ""), "numbers"),
        (NEUTRAL.replace("Mrs Pell", "someone"), "names"),
        (NEUTRAL.replace("Mrs Pell", "Mrs Pell of Lincoln"), "names"),
        (NEUTRAL.replace("not sorry", "sorry"), "negation"),
        (WORDS, "copied"),
        (WORDS.replace("came back", "returned"), "copied"),
        (NEUTRAL + " " + NEUTRAL, "length"),
        ("I stayed.", "length"),
    ],
)
def test_a_draft_that_lost_something_or_copied_is_sieved_out(draft, what):
    assert making.fault(WORDS, draft) == what
    assert making.sieved([WORDS, WORDS], [draft, None]) == [None, None]


def test_a_question_that_is_none_any_more_is_sieved_out():
    asked = "Why would we not take this one chance when the whole town is asleep?"
    assert making.fault(asked, "We would not use this single opportunity while everyone in town sleeps.") == "question"
    assert making.fault(asked, "What reason is there not to use this single opportunity while everyone in town sleeps?") is None


def test_where_minilm_is_a_draft_about_something_else_is_sieved_out(monkeypatch):
    import torch

    class Encoder:
        def embed(self, texts):
            return torch.tensor([[0.0, 1.0] if "home" in text else [1.0, 0.0] for text in texts])

    assert making.sieved([WORDS], [NEUTRAL]) == [NEUTRAL], "without it, nothing is said about that"
    monkeypatch.setattr(making, "load_embedder", Encoder)
    here = NEUTRAL.replace("at home", "here")
    assert making.sieved([WORDS, WORDS], [NEUTRAL, here]) == [None, here]


# making


def drafter_that_counts(asked):
    def drafter(passages):
        asked.extend(passages)
        return [None if "bell" in passage else f"Neutral: {passage}" for passage in passages]

    return drafter


def test_every_batch_is_kept_and_what_is_there_is_not_drafted_again(tmp_path):
    out, asked = tmp_path / "p.jsonl", []
    making_of = making.make_pairs(OWN[:5], "local", drafter_that_counts(asked), out, batch=2)
    assert [next(making_of).done for _ in range(2)] == [0, 2]
    making_of.close()  # as Ctrl-C does
    first = [pair.rewrite for pair in read_pairs(out)]
    assert len(first) == 2 and set(first) < set(OWN[:5]) and first == asked
    *_, last = making.make_pairs(OWN, "local", drafter_that_counts(asked), out, batch=5)
    assert sorted(asked) == sorted(OWN) and last.done == last.of == 12
    assert (last.pairs, last.rejected) == (len(read_pairs(out)), 1) == (11, 1)
    assert all(pair == Pair(pair.id, f"Neutral: {pair.rewrite}", pair.rewrite, "local") for pair in read_pairs(out))


def test_pairs_of_another_kind_stay_in_the_file_beside_the_new_ones(tmp_path):
    out = tmp_path / "p.jsonl"
    write_pairs(out, [Pair("1", "d", "r", "edit")])
    list(making.make_pairs(OWN[:2], "corrupt", making.by_rules(1), out, batch=9))
    list(making.make_pairs(OWN[:2], "local", drafter_that_counts([]), out, batch=9))
    assert {pair.kind for pair in read_pairs(out)} == {"edit", "corrupt", "local"} and len(read_pairs(out)) == 5


# the command


def make(capsys, *argv):
    assert main(["make-pairs", *map(str, argv), "--json"]) == 0
    told = capsys.readouterr()
    return json.loads(told.out.splitlines()[-1]), told.err


def test_make_pairs_by_rules_is_one_file_the_same_for_a_seed(tmp_path, capsys):
    write_folder(tmp_path / "writing", 3)
    (tmp_path / "writing" / "own.txt").write_text("\n\n".join(OWN), encoding="utf-8")
    files = [tmp_path / name for name in ("a.jsonl", "b.jsonl", "c.jsonl")]
    common = ("--text-path", tmp_path / "writing", "--method", "corrupt")
    found = [make(capsys, *common, "--out", file, "--seed", seed)[0] for file, seed in zip(files, (1, 1, 2), strict=True)]
    assert files[0].read_text() == files[1].read_text() != files[2].read_text()
    assert found[0]["pairs"] == len(read_pairs(files[0])) > 10 and found[0]["rejected"] >= 0


def test_make_pairs_says_the_host_before_it_sends_and_asks_for_no_passage_twice(tmp_path, capsys, endpoint, monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", endpoint.url)
    monkeypatch.setenv("VIBEJAM_LLM_MODEL", "big")
    (tmp_path / "own.txt").write_text(f"{WORDS}\n\nIt rained on and on, and the river was up, or so I heard it said.")
    endpoint.will(says(NEUTRAL))
    command = ("--text-path", tmp_path / "own.txt", "--method", "llm", "--out", tmp_path / "p.jsonl")
    result, told = make(capsys, *command)
    passages = [asked.body["messages"][-1]["content"].rpartition("Passage:\n")[2] for asked in endpoint.asked]
    first = told.splitlines()[0]
    assert result["pairs"] + result["rejected"] == len(passages) > 0 and WORDS in passages
    assert "127.0.0.1" in first and f"{len(passages)} passages" in first
    good = read_pairs(tmp_path / "p.jsonl")
    assert [(pair.draft, pair.rewrite, pair.kind) for pair in good] == [(NEUTRAL, WORDS, "llm")]
    before = len(endpoint.asked)
    make(capsys, *command)
    again = [asked.body["messages"][-1]["content"].rpartition("Passage:\n")[2] for asked in endpoint.asked[before:]]
    assert WORDS not in again


def test_a_failing_endpoint_ends_it_with_its_own_sentence_and_one_bad_answer_does_not(tmp_path):
    class Writer:
        def __init__(self, fails):
            self.fails = fails

        def write(self, instruction, stop):
            from vibejam.drafts import Draft

            if self.fails(instruction):
                raise UserError("The service is asleep; try again.")
            return Draft(NEUTRAL, "m", instruction, "host", 0.0)

    drafter = making.by_writer(Writer(lambda text: "nails" in text))
    assert drafter([OWN[0], WORDS]) == [None, NEUTRAL]
    with pytest.raises(UserError, match="asleep"):
        making.by_writer(Writer(lambda text: True))(OWN[:2])


def test_make_pairs_without_an_endpoint_or_without_the_base_says_what_to_do(tmp_path, capsys):
    write_folder(tmp_path / "writing", 1)
    for method, words in (("llm", "VIBEJAM_LLM_MODEL"), ("local", "fetch-base")):
        argv = ["make-pairs", "--text-path", str(tmp_path / "writing"), "--method", method, "--out", str(tmp_path / "p.jsonl")]
        assert main(argv) == 2
        assert words in capsys.readouterr().err.splitlines()[-1]
