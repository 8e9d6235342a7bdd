"""Past runs: what each came to, side by side; one is picked to speak, laid over another's curve, renamed, handed out or deleted.

A part of the Train page.  What the browser sends is a name that is looked up among the owner's runs, never a path.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import gradio as gr

from pages import chart, look, progress, sample, state
from pages.words import clock, count, day_of, esc
from vibejam.errors import UserError
from vibejam.export import export_gguf, export_hf, left_behind
from vibejam.jobs import JOBS
from vibejam.workspace import LONGEST_NAME

OVERLAID = 3  # curves over the one that is shown; more could not be told apart
FORMATS = {"gguf": "GGUF, for llama.cpp", "hf": "Hugging Face folder, zipped"}
COLUMNS = ("Run", "Base", "Size", "Text", "Learnt for", "Bits per byte", "Date")
FOOT = "Bits per byte compare between runs that were measured on the same writing; the lower, the better it guesses."


def component() -> gr.HTML:
    """The table; its one event is `act`, with a run and what to do with it."""
    return gr.HTML("", js_on_load=look.script("runs.js"), apply_default_css=False, elem_id="runs")


def table_html(owner: str, shown: str) -> str:
    """Every run of the owner's as a row, the one that is `shown` marked."""
    runs = [state.read_run(folder) for folder in state.run_folders(owner)]
    if not runs:
        return ""
    voices = state.voice_choices(owner)
    speaks = voices[0][1] if voices else ""
    head = "".join(f'<th scope="col"{_NUMBER if name in _NUMBERS else ""}>{name}</th>' for name in COLUMNS)
    rows = "".join(_row(run, shown, run.name == speaks) for run in runs)
    return (
        f'<section class="runs" aria-label="Past runs"><h3>Past runs</h3><table><thead><tr>{head}'
        f'<th><span class="unseen">What to do</span></th></tr></thead><tbody>{rows}</tbody></table>'
        f'<p class="quiet">{FOOT}</p></section>'
    )


_NUMBERS = ("Size", "Text", "Learnt for", "Bits per byte")
_NUMBER = ' class="number"'


def _row(run: state.Run, shown: str, speaks: bool) -> str:
    figures, text = run.about["figures"], run.about["text"]
    value, seconds = figures.get("val_bits_per_byte"), figures.get("seconds")
    if run.alive or run.status == state.INTERRUPTED:  # its figures are those of an earlier end, or of none
        value, seconds = None, run.events[-1]["seconds"] if run.events else None
    if "pairs" in run.about:  # bits of words that a draft gives away compare with nobody's
        value = None
    cells = [
        progress.base_title(run) or "nothing",
        _short(run.about.get("parameters")),
        count(text["words"], "word") if isinstance(text.get("words"), int) else "",
        clock(seconds) if isinstance(seconds, int | float) else "",
        f"{value:.2f}" if isinstance(value, float) else progress.PHASES.get(run.status, "") if run.alive else "",
        day_of(run.name, str(run.about.get("created", ""))),
    ]
    columns = zip(COLUMNS[1:], cells, strict=True)
    rest = "".join(f'<td data-label="{name}"{_NUMBER if name in _NUMBERS else ""}>{esc(cell)}</td>' for name, cell in columns)
    mark = '<span class="mark">your voice</span>' if speaks else ""
    state_word = f'<span class="mark">{esc(progress.PHASES[run.status].lower())}</span>' if run.status in _TOLD else ""
    current = ' aria-current="true"' if run.name == shown else ""
    title = esc(run.title)
    return (
        f'<tr data-run="{esc(run.name)}"{current}><th scope="row">'
        f'<button type="button" class="link" data-act="look">{title}</button>'
        f'{mark}{state_word}</th>{rest}<td class="more"><button type="button" class="link" data-more aria-expanded="false" '
        f'aria-label="More about {title}">More</button></td></tr>'
        f'<tr class="acts" hidden><td colspan="{len(COLUMNS) + 1}">{_acts(run, shown, speaks)}</td></tr>'
    )


_TOLD = (state.INTERRUPTED, "failed", "paused")


def _acts(run: state.Run, shown: str, speaks: bool) -> str:
    parts = []
    if run.has_voice and not speaks and not run.alive:
        parts.append('<button type="button" data-act="use">Speak with it in Sample and Rewrite</button>')
    if shown and run.name != shown and run.events:
        parts.append('<label><input type="checkbox" data-compare> Lay its curve over the one above</label>')
    if not run.alive:
        parts.append(
            f'<form data-act="rename"><input type="text" value="{esc(run.title)}" maxlength="{LONGEST_NAME}" '
            f'aria-label="A new name for {esc(run.title)}"><button type="submit">Rename</button></form>'
        )
        if run.has_voice:
            parts += [
                f'<button type="button" data-act="export" data-format="{kind}">Export as {esc(said)}</button>'
                for kind, said in FORMATS.items()
            ]
        parts.append('<button type="button" data-act="delete">Delete it</button>')
    else:
        parts.append('<span class="quiet">It is still learning; stop it before you rename, export or delete it.</span>')
    return f'<div class="acts">{"".join(parts)}</div>'


def _short(parameters: object) -> str:
    """10,712,448 as "10.7 million"."""
    if not isinstance(parameters, int):
        return ""
    return f"{parameters / 1e6:.1f} million" if parameters >= 100_000 else f"{parameters:,}"


def overlay(owner: str, names: object) -> str:
    """The payload of the curves of the runs called `names`, to be laid over another."""
    wanted = [name for name in names if isinstance(name, str)][-OVERLAID:] if isinstance(names, list) else []
    runs = [state.read_run(state.find_run(owner, name)) for name in dict.fromkeys(wanted)]
    return chart.overlay([(run.title, run.events, run.about) for run in runs])


def remove(owner: str, name: str) -> None:
    """Delete a run that has ended.  Raises UserError for one that has not, or that is not there."""
    folder = _ended(owner, name)
    state.workspace(owner).remove_run(folder.name)
    JOBS.forget(folder)
    state.forget_engine(folder)


def rename(owner: str, name: str, title: object) -> None:
    """Raises UserError for a run that is still learning, or a name that will not do."""
    state.workspace(owner).rename_run(_ended(owner, name).name, str(title or ""))


def pick(owner: str, name: str) -> None:
    """Let this run speak on Sample and Rewrite.  Raises UserError where it cannot."""
    folder = state.find_run(owner, name)
    if not state.is_voice(folder):
        raise UserError("This run has no voice yet; let it learn first.")
    state.workspace(owner).pick_run(folder.name)
    state.remember(owner, folder.name, sample.VOICE)


def export(owner: str, name: str, kind: object) -> Iterator[list]:
    """The file to take along: (line that says what is done, download button), while it is made and when it is there."""
    if not isinstance(kind, str) or kind not in FORMATS:
        raise UserError("Choose one of the two formats to export.")
    folder = _ended(owner, name)
    title = state.title_of(folder)
    yield [gr.update(value=look.quiet(f"Writing “{title}” as {FORMATS[kind]}…"), visible=True), gr.update(visible=False)]
    path = write_export(state.export_folder(owner), folder, str(kind))
    size = f"{path.stat().st_size / 1e6:,.0f} MB" if path.stat().st_size > 1e6 else f"{path.stat().st_size / 1e3:,.0f} kB"
    said = f"“{title}” is ready. It holds no text, but a model can repeat what it learnt. {left_behind(folder)}"
    yield [
        gr.update(value=look.quiet(said.strip()), visible=True),
        gr.update(value=str(path), label=f"Download it ({size})", visible=True),
    ]


def write_export(out: Path, folder: Path, kind: str) -> Path:
    """The run in `folder` as one file inside the empty folder `out`.  Raises UserError like vibejam.export."""
    if kind == "gguf":
        path = out / f"{folder.name}.gguf"
        export_gguf(folder, path)
        return path
    whole = out / folder.name
    export_hf(folder, whole)
    try:
        packed = shutil.make_archive(os.fspath(whole), "zip", out, folder.name)
    except OSError as error:
        raise UserError(f"The file could not be written ({error.strerror}); free some space and try again.") from error
    shutil.rmtree(whole, ignore_errors=True)
    return Path(packed)


def _ended(owner: str, name: str) -> Path:
    folder = state.find_run(owner, name)
    if state.read_run(folder).alive:
        raise UserError("This run is still in progress; stop it first.")
    return folder
