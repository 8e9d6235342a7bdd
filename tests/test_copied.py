"""Copied runs are counted in words, whatever stands between them."""

from vibejam.copied import copied_runs, load_phrases, longest_copied_run, phrase_hashes, save_phrases

LEARNT = ["The gate was open when I came down, and the dog was in the lane again.", "It's rained on Tuesday; again."]


def test_a_run_copied_word_for_word_is_counted_in_words():
    phrases = phrase_hashes(LEARNT)
    assert longest_copied_run("He said the gate was open when I left.", phrases) == 6
    assert longest_copied_run(LEARNT[0], phrases) == 16


def test_case_punctuation_and_curly_marks_make_no_difference():
    assert longest_copied_run("IT’S RAINED -- on Tuesday, again!", phrase_hashes(LEARNT)) == 5


def test_under_four_words_is_no_copying_and_documents_do_not_join():
    phrases = phrase_hashes(LEARNT)
    assert longest_copied_run("the gate was shut", phrases) == 0
    assert longest_copied_run("the lane again it's rained", phrases) == 0
    assert longest_copied_run("", phrases) == 0
    assert longest_copied_run("anything at all you like", phrase_hashes([])) == 0


def test_the_phrases_are_kept_with_the_run_and_hold_no_text(tmp_path):
    assert load_phrases(tmp_path) is None
    save_phrases(tmp_path, LEARNT)
    assert longest_copied_run(LEARNT[1], load_phrases(tmp_path)) == 5
    assert b"gate" not in (tmp_path / "phrases.safetensors").read_bytes()


def test_every_copied_run_is_found_where_it_stands():
    text = "He said the gate was OPEN when I left; nobody knew that the dog was in the lane."
    runs = copied_runs(text, phrase_hashes(LEARNT))
    assert [(text[run.start : run.end], run.words) for run in runs] == [
        ("the gate was OPEN when I", 6), ("the dog was in the lane", 6),
    ]  # fmt: skip
    assert copied_runs("Nothing of it.", phrase_hashes(LEARNT)) == []
