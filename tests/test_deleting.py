"""What was given, learnt from, rewritten and removed is nowhere but in the weights, and those go as well when asked to."""

import re
import tempfile
from pathlib import Path

import pytest
from app_hands import ME, TINY, knobs, nothing_left_running, text_of, trained, until  # noqa: F401
from caller import Visitor
from tally import count
from writing import essay

import app
from pages import train, write
from vibejam.errors import UserError
from vibejam.jobs import JOBS
from vibejam.workspace import Workspace, uploads_folder

pytestmark = pytest.mark.security

SENTINEL = "Zanzibelle quietly hid the ochre ledger beneath the piano"
OF_THE_WEIGHTS = {"model.safetensors", "train_state.safetensors"}


def holding(words: str, *folders: Path) -> set[str]:
    """The files that hold the words, as text in either spelling of JSON."""
    found = set()
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file():
                count("files searched for deleted writing")
                if words.encode() in path.read_bytes():
                    found.add(str(path))
    return found


@pytest.fixture
def visitor(home, monkeypatch, tmp_path):
    """The app as main() serves it, in this process so that its home is this test's."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(uploads_folder()))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    blocks = app.build_app()
    port = app.free_port("127.0.0.1", None)
    app.launch(blocks, "127.0.0.1", port)
    yield Visitor(f"http://127.0.0.1:{port}")
    blocks.close(verbose=False)


def test_a_sentence_uploaded_learnt_rewritten_and_removed_is_found_nowhere(visitor, home, tmp_path, capfd):
    places = (home, tmp_path / "temporary")
    text = f"{essay(1)}\n\n{SENTINEL}.\n\n{essay(2)}"
    file = visitor.upload("secret.txt", text.encode())
    assert holding(SENTINEL, *places), "while it is uploaded it lies somewhere, or this test would prove nothing"
    taken = visitor.call("take_files", None, [file])
    assert not taken.error, taken.error
    for n in range(3, 7):
        visitor.call("take_pasted", None, essay(n))
    kept = holding(SENTINEL, *places)
    assert {Path(path).parent.name for path in kept} == {"writing"}, "the uploaded copy is gone once it is read"
    assert not list(uploads_folder().rglob("*.txt"))
    started = visitor.call("begin", None, "", "Quick", "none", *knobs(max_iters="8", **TINY))
    assert not started.error, started.error
    until(lambda: JOBS.alive() is None and Workspace(ME).runs(), 240)
    name = Workspace(ME).runs()[0].name
    for tab in ("Train", "Sample", "Rewrite"):
        visitor.open(tab)
    spoken = visitor.press("rewrite", None, name, "paste", "", "", "", "", f"It was noted that {SENTINEL}.", 1.0, [])
    assert not spoken.error, spoken.error
    written = visitor.press("write-on", None, name, SENTINEL, 0.8, 0, 0.95, 20, "1")
    assert not written.error, written.error
    left = visitor.call("remove_everything", None)
    assert not left.error
    assert "1 run of yours is still here, and a model can repeat what it learnt" in text_of(str(left.data))
    assert holding(SENTINEL, *places) == set()
    words = {path for word in ("Zanzibelle", "zanzibelle") for path in holding(word, *places)}
    assert {Path(path).name for path in words} <= OF_THE_WEIGHTS, words
    assert SENTINEL not in "".join(capfd.readouterr())
    visitor.call("remove_runs", None)
    assert Workspace(ME).runs() == [] and holding("Zanzibelle", *places) == set()
    assert not list((home / "checkpoints").glob("*")) and JOBS.alive() is None
    count("sentinels looked for and found nowhere", 3)


def test_what_can_t_be_deleted_is_told_and_never_said_to_be_gone(home, monkeypatch):
    import shutil

    write.take_pasted(ME, essay(1))

    def refuse(path, *_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(shutil, "rmtree", refuse)
    updates = write.remove_everything(ME)
    assert "could not be deleted" in updates[5]["value"]
    with pytest.raises(UserError, match="could not be deleted"):
        Workspace(ME).remove_all()


def test_deleting_every_run_ends_the_one_in_progress_and_leaves_nothing(home):
    trained()
    train.begin(ME, "", "Quick", "none", *knobs(minutes="5", **TINY))
    until(lambda: JOBS.alive().events)
    write.remove_runs(ME)
    assert JOBS.alive() is None and Workspace(ME).runs() == []


KEY = "sk-" + "abcdefghijklmnopqrstuvwxyz0123"  # in two parts, so that nobody takes this file for one that leaks a key
PRIVATE = (
    f"My card is 4111 1111 1111 1111 and my mail is morgan.mill@example.org. The key is {KEY}. "
    "Ring me at +44 20 7946 0958 in the evening. "
)


def test_what_looks_private_is_pointed_out_before_training_and_masked_on_request(home):
    write.take_pasted(ME, PRIVATE + essay(3))
    write.take_pasted(ME, essay(4))
    listing = write.show(ME)[7]
    for kind in ("a card number", "a key", "a phone number", "an e-mail address"):
        assert kind in text_of(listing)
    assert "1 piece may hold something private" in text_of(listing) and "data-mask" in listing
    listing = write.mask_all(ME)[7]
    texts = [entry.document.text for entry in Workspace(ME).writing()]
    assert len(texts) == 2 and "data-mask" not in listing and "may hold" not in text_of(listing)
    for secret in ("4111", "morgan.mill", "sk-abc", "7946"):
        assert not any(secret in text for text in texts) and not holding(secret, home)
        count("secrets masked")
    assert any("Ring me at •" in text for text in texts) and re.search(r"my mail is •+\.?", "".join(texts))
