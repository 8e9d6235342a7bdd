"""The nasty inputs as a folder: odd names, links, pipes and one enormous line; nothing blocks, nothing is written."""

import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from vibejam.corpus import check_trainable, load_corpus, split_corpus
from vibejam.errors import UserError
from vibejam.readers import Document, Skipped, read_bytes, read_path


@pytest.fixture
def nasty(shared_corpora) -> Path:
    return shared_corpora / "nasty"


def test_names_that_leave_the_folder_are_cut_to_their_last_part(nasty):
    text = (nasty / "identical-a.txt").read_bytes()
    for name in ("../../evil.txt", "/etc/evil.txt", "..\\..\\evil.txt", "C:\\evil.txt", "folder/../evil.txt"):
        (document,) = read_bytes(name, text)
        assert document.source == "evil.txt"


def test_five_megabytes_in_one_line(nasty, tmp_path):
    path = tmp_path / "big.txt"
    subprocess.run([sys.executable, nasty / "make_big_line.py", path], check=True)
    corpus = load_corpus(path)
    assert corpus.characters == len(path.read_text("utf-8").strip()) and corpus.documents[0].text.count("\n") == 0
    (train,), (held,) = split_corpus(corpus)
    assert 0.05 < len(held) / corpus.characters < 0.15 and train.endswith(".")
    check_trainable(corpus)


@pytest.mark.skipif(sys.platform == "win32", reason="NOT RUN: makes links and pipes with sh")
def test_odd_tree(nasty, tmp_path):
    tree = tmp_path / "tree"
    subprocess.run(["sh", nasty / "make_odd_tree.sh", tree], check=True)
    before = sorted(path.name for path in tmp_path.rglob("*"))
    results = {result.source: result for result in read_path(tree)}
    read = {source: result.text for source, result in results.items() if isinstance(result, Document)}
    reasons = {source: result.reason for source, result in results.items() if isinstance(result, Skipped)}

    assert read["-rf.txt"] == "My neighbour Aled keeps bees."
    assert read["odd name 'quoted' & $(echo hi) é😀 %s.txt"] == "My neighbour Aled keeps bees."
    assert read[f"deep/{'x' * 200}/inner/fine.txt"] == "ok"
    assert read.get("unreadable.txt", "cannot read me") == "cannot read me"  # root may read everything
    assert len(read) + ("unreadable.txt" in reasons) == 4
    assert "not a file" in reasons["pipe.txt"]
    assert "nowhere" in reasons["dangling.txt"]
    assert "outside" in reasons["link-outside.txt"]
    assert "link" in reasons["loop"]
    assert "version control" in reasons[".git"]
    assert "packages" in reasons["node_modules"]
    assert "folder.txt" not in results and "empty-folder" not in results
    assert sorted(path.name for path in tmp_path.rglob("*")) == before
    # Named one by one they are read or refused the same way.
    assert isinstance(read_path(tree / "pipe.txt")[0], Skipped)
    with pytest.raises(UserError, match="does not exist"):
        read_path(tree / "dangling.txt")


def test_the_whole_folder_at_once(nasty):
    corpus = load_corpus(nasty)
    counted = len(corpus.documents) + len(corpus.duplicates) + len(corpus.skipped)
    assert counted == len(read_path(nasty))
    assert {"make_nasty.py", "zip-slip.zip", "picture-renamed.txt", ".hidden.txt"} <= {
        skip.source for skip in corpus.skipped
    }
    everything = "".join(document.text for document in corpus.documents)
    assert not [c for c in set(everything) if c != "\n" and unicodedata.category(c) in ("Cc", "Cs", "Co")]
    train, held = split_corpus(corpus)
    assert not set(train) & set(held)
