"""`python -m tests.fuzz_by_hand readers|run|gguf [--seconds 600]`: bytes that a coverage-guided fuzzer comes up with.

Needs atheris (`pip install atheris`), which the tests do not.  Ends at the first input that is neither read nor refused in a
sentence; what it finds becomes a test in test_findings.py.  Prints how many inputs were tried.
"""

import argparse
import io
import json
import os
import shutil
import sys
import tempfile
import zipfile
from email.message import EmailMessage
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1])]
os.environ.setdefault("OMP_NUM_THREADS", "1")

import atheris  # noqa: E402

WATCHED = "readers reading gguf_model gguf_vocabulary checkpoint".split()  # whose ways through the fuzzer is to find
with atheris.instrument_imports(include=["gguf.gguf_reader", "mailparser_reply", "striprtf", *(f"vibejam.{n}" for n in WATCHED)]):
    import vibejam.gguf_model
    import vibejam.reading.formats  # noqa: F401

from runs import TOKENIZER, small  # noqa: E402
from writing import essay  # noqa: E402

from pages import state, train  # noqa: E402
from vibejam.checkpoint import append_metrics, load_model, load_state, read_json, read_metrics, save_model, save_state  # noqa: E402
from vibejam.copied import load_phrases, save_phrases  # noqa: E402
from vibejam.errors import UserError  # noqa: E402
from vibejam.gguf_model import read_gguf, write_gguf  # noqa: E402
from vibejam.learn import resumed_recipe  # noqa: E402
from vibejam.open_review import kept_review  # noqa: E402
from vibejam.readers import Document, Skipped, read_bytes  # noqa: E402
from vibejam.rewrite.copying import load_copying  # noqa: E402
from vibejam.rewrite.manner import load_manner  # noqa: E402
from vibejam.rewrite.pairs import read_pairs  # noqa: E402
from vibejam.train import TrainState  # noqa: E402

ENDINGS = "txt md html docx pdf rtf eml mbox csv json jsonl".split()


def documents() -> list[bytes]:
    """One sound file of each kind, an ending's number before it."""
    mail = EmailMessage()
    mail["From"], mail["Subject"], mail["Date"] = "a@b.example", "=?utf-8?b?w6Q=?=", "Mon, 1 Jan 2024 10:00:00 +0000"
    mail.set_content("Dear all,\n\nI came home.\n\nOn Monday B wrote:\n> no\n-- \nA")
    mail.add_alternative("<p>I came <b>home</b>.</p><blockquote>no</blockquote>", subtype="html")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<w:document><w:body><w:p><w:r><w:t>I came.</w:t></w:r></w:p></w:body></w:document>")
    said = {"author": {"role": "user"}, "content": {"parts": ["I came home."]}}
    chat = [{"title": "a", "mapping": {"1": {"message": said}}}]
    pages = b"1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    page = b"3 0 obj<</Type/Page/Parent 2 0 R/Contents 4 0 R>>endobj\n"
    words = b"4 0 obj<</Length 27>>stream\nBT (I came home.) Tj ET\nendstream endobj\n"
    sound = {
        "txt": b"[01.02.24, 10:00:00] A: I came home.\n[01.02.24, 10:01:00] B: Good.\n" * 3,
        "md": b"---\ntitle: a\n---\n# One\n\nI *came* [home](http://a).\n\n> no\n\n```\ncode\n```\n|a|b|\n|-|-|\n|1|2|\n",
        "html": b"<html><head><meta charset=latin-1><script>x</script></head><body><p>I came&nbsp;home.<table><td>1</table>",
        "docx": packed.getvalue(),
        "pdf": b"%PDF-1.4\n" + pages + page + words + b"trailer<</Root 1 0 R>>",
        "rtf": rb"{\rtf1\ansi\ansicpg1252 {\fonttbl\f0 A;} I came \'e4 \u228? home.\par{\*\generator x;}}",
        "eml": bytes(mail),
        "mbox": b"From a@b Mon Jan  1 10:00:00 2024\n" + bytes(mail) + b"\n\nFrom a@b Mon Jan  1 10:00:00 2024\n" + bytes(mail),
        "csv": 'date;text\n2024-01-01;"I came; home"\n2024-01-02;"He said ""no"""\n'.encode("utf-16"),
        "json": json.dumps(chat).encode(),
        "jsonl": b'{"role": "user", "content": "I came home."}\n{"text": ["a", {"text": "b"}]}\n',
    }
    return [bytes([ENDINGS.index(name)]) + data for name, data in sound.items()]


def readers(data: bytes) -> None:
    """An ending, then a file's bytes."""
    if data:
        for result in read_bytes(f"a.{ENDINGS[data[0] % len(ENDINGS)]}", data[1:]):
            assert isinstance(result, Document) or (isinstance(result, Skipped) and result.reason)


class Run:
    """A sound run; each input names one of its files and is put in its place, and whatever opens a run is tried."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp())
        os.environ["VIBEJAM_HOME"] = str(self.home)
        self.folder = self.home / "checkpoints" / "a"
        save_model(self.folder, small(), TOKENIZER)
        save_phrases(self.folder, [essay(0)])
        weights = {f"model.{name}": parameter.detach() for name, parameter in small().named_parameters()}
        save_state(self.folder, TrainState(weights, {"counters": {}, "data": {}}))
        append_metrics(self.folder, {"iteration": 1, "seconds": 1.0, "train_loss": 1.0, "progress": 0.1, "tokens_per_second": 1.0})
        shutil.copy(Path(__file__).parent / "older" / "run-1" / "run.json", self.folder)
        (self.folder / "manner.safetensors").write_bytes(b"\2\0\0\0\0\0\0\0{}")
        (self.folder / "copying.safetensors").write_bytes(b"\2\0\0\0\0\0\0\0{}")
        (self.folder / "pairs.jsonl").write_text('{"id": "1", "draft": "a", "rewrite": "b"}\n')
        self.whole = {path.name: path.read_bytes() for path in sorted(self.folder.iterdir()) if path.is_file()}
        self.names = list(self.whole)

    def seeds(self) -> list[bytes]:
        return [bytes([number]) + data for number, data in enumerate(self.whole.values())]

    def __call__(self, data: bytes) -> None:
        if not data:
            return
        name = self.names[data[0] % len(self.names)]
        path = self.folder / name
        path.write_bytes(data[1:])
        try:
            for act in (
                lambda: load_model(self.folder),
                lambda: load_state(self.folder),
                lambda: resumed_recipe(self.folder, {}, {}),
                lambda: load_phrases(self.folder),
                lambda: load_manner(self.folder),
                lambda: load_copying(self.folder, small(), TOKENIZER, 1, 1),
                lambda: read_metrics(self.folder),
                lambda: read_json(self.folder / "run.json"),
                lambda: read_pairs(self.folder / "pairs.jsonl"),
                lambda: kept_review(path),
                lambda: state.read_run(self.folder),
                lambda: train.opened("me", "a"),
            ):
                in_a_sentence(act)
        finally:
            path.write_bytes(self.whole[name])


class Gguf:
    """A sound file with some of its bytes changed."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp()) / "a.gguf"

    def seeds(self) -> list[bytes]:
        found = []
        for model, tokenizer in ((small(n_layer=1), TOKENIZER), (small(n_layer=1, n_embd=8, n_head=1, vocab_size=8), None)):
            write_gguf(self.path, model, tokenizer)
            found.append(self.path.read_bytes())
        return found

    def __call__(self, data: bytes) -> None:
        self.path.write_bytes(data)
        in_a_sentence(lambda: read_gguf(self.path))


def in_a_sentence(act) -> None:
    """Do it; whatever it does not like it says in a sentence."""
    try:
        act()
    except UserError as error:
        assert str(error).endswith(".") and "\n" not in str(error), str(error)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["readers", "run", "gguf"])
    parser.add_argument("--seconds", type=int, default=600)
    args = parser.parse_args()
    target = {"readers": lambda: readers, "run": Run, "gguf": Gguf}[args.what]()
    seeds = documents() if args.what == "readers" else target.seeds()
    place = Path(tempfile.mkdtemp())
    for number, seed in enumerate(seeds):
        (place / str(number)).write_bytes(seed)
    longest = 2 * max(map(len, seeds)) + 1000
    flags = [f"-max_total_time={args.seconds}", f"-max_len={longest}", "-rss_limit_mb=4096", "-timeout=120", "-print_final_stats=1"]
    atheris.Setup([sys.argv[0], *flags, f"-artifact_prefix={place}/", str(place)], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
