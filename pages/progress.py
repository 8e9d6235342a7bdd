"""What is said about a run: how far it is, what it came to, and what it was made with.  Words and HTML."""

from pages import look
from pages.state import INTERRUPTED, Run
from pages.words import clock, count, esc, span
from vibejam.config import DataConfig, ModelConfig, TrainConfig
from vibejam.fetch import BASES
from vibejam.jobs import COMPARE, DONE, FAILED, JOBS, PAUSED, PREPARING, RUNNING, STOPPED, STOPPING, WAITING
from vibejam.runtime import memory_in_use
from vibejam.teach import outcome, teachable

CURVE_SENTENCE = (
    "Bits per byte: how many yes-or-no questions each letter costs the model; lower means it guesses better. Held "
    "out are whole pieces it never learns from: when that line rises while the other falls, it is learning by heart. "
    "A voice that began from nothing is helped on that line by what was counted in your writing, so it may begin lower."
)
PHASES = {
    WAITING: "Waiting in line",
    PREPARING: "Preparing",
    RUNNING: "Learning",
    STOPPING: "Stopping",
    DONE: "Done",
    PAUSED: "Paused",
    STOPPED: "Stopped",
    FAILED: "Broke off",
    INTERRUPTED: "Interrupted",
}


def busy_sentence(own: bool) -> str:
    if own:
        return "A run is already in progress; wait for it, or stop it first."
    job = JOBS.alive()
    if job is not None and job.kind == COMPARE:
        return "Architectures are being compared on Labs; wait for them, or stop that first."
    return "Another visitor's run is in progress and there is one machine; try again in a few minutes."


def status_html(run: Run) -> str:
    """Phase, share done, time left and speed; afterwards what the run came to."""
    last = run.events[-1] if run.events else None
    share = float(last["progress"]) if last else 0.0
    facts = []
    if run.alive and last:
        speed = f"{last['tokens_per_second']:,.0f} tokens a second" if last["tokens_per_second"] else ""  # none while it drafts
        facts = [f"{share:.0%}", _left(last, share), speed, _memory()]
    elif last:
        facts = [f"{clock(last['seconds'])} of learning", count(int(last["iteration"]), "step")]
    cells = "".join(f"<span>{esc(fact)}</span>" for fact in facts if fact)
    bar = look.bar(share, "Progress of the run") if run.alive else ""
    sentence = _sentence(run, last, share)
    phase = "Drafting" if _drafting(run, last) else PHASES.get(run.status, run.status.capitalize())
    return (
        f'<div class="status" data-status="{esc(run.status)}"><p class="phase"><b>{esc(phase)}</b>{cells}</p>{bar}'
        f'<p class="{"remark" if run.status == FAILED else "outcome"}">{esc(sentence)}</p></div>'
    )


def pulse_html(run: Run | None) -> str:
    """What every tab says of the run in progress, or of one that was interrupted; `data-title` is for the window's own."""
    if run is None or not (run.alive or run.status in (INTERRUPTED, DONE)):
        return ""
    share = float(run.events[-1]["progress"]) if run.events else 0.0
    if run.status == DONE:
        return f'<i data-run="{esc(run.name)}" data-pulse="done"></i>'
    if run.status == INTERRUPTED:
        said = f"A run was interrupted at {share:.0%}" + (": see it, and let it go on" if run.can_go_on else ": see it")
        title = ""
    elif run.status == WAITING:
        said, title = _in_line(run), ""
    else:
        left = _left(run.events[-1], share) if run.events else ""
        said = ", ".join(part for part in (f"{PHASES[run.status]}: {share:.0%}", left) if part)
        title = f"{share:.0%}"
    how = "alive" if run.alive else run.status
    return (
        f'<p class="pulse" data-run="{esc(run.name)}" data-pulse="{esc(how)}" data-title="{title}">'
        f'<a href="#train">{esc(said)}</a></p>'
    )


def _memory() -> str:
    held = memory_in_use()
    return f"{held / 1e9:.1f} GB of memory" if held else ""


def _drafting(run: Run, last: dict | None) -> bool:
    """Whether the run still makes drafts to learn from (vibejam.teach) and has not taken a step."""
    return run.status == RUNNING and last is not None and last["iteration"] == 0


def _left(last: dict, share: float) -> str:
    if share >= 1:
        return ""
    if share < 0.01 or last["seconds"] < 1:
        return ""
    return f"{span(last['seconds'] / share * (1 - share))} left"


def _sentence(run: Run, last: dict | None, share: float) -> str:
    if run.status == WAITING:
        return f"There is one machine for all visitors. {_in_line(run)} It begins by itself; keep this page open."
    if run.status == PREPARING:
        return "Reading your writing and cutting it into tokens; a model that it stands on is measured as it came."
    if run.status == STOPPING:
        return "Finishing this step and keeping the best model so far."
    if _drafting(run, last):
        return _latest_note(run)
    if run.status == RUNNING:
        return "Measuring once more on all the writing held out." if share >= 1 else _latest_note(run)
    if run.status == FAILED:
        return run.error or "The run broke off; start a new one."
    outcome = _outcome(run)
    if run.status == INTERRUPTED:
        return (
            "vibejam was closed while this run was learning. Nothing measured is lost: resume it."
            if last
            else ("vibejam was closed before this run had learnt anything; start a new one.")
        )
    if run.status == PAUSED:
        return f"{outcome} Resume whenever you like, tomorrow too.".strip()
    if run.status == STOPPED:
        return f"{outcome} The best model so far is kept.".strip()
    return " ".join(part for part in (outcome, _latest_note(run) if _stopped_early(run) else "", _next(run)) if part)


def _in_line(run: Run) -> str:
    return "Your run is next." if run.place <= 1 else f"Your run is number {run.place} in line."


def _next(run: Run) -> str:
    """What a voice can be taught further."""
    untaught = teachable(run.about) and "pairs" not in run.about
    return "On Rewrite it says drafts your way, and can be taught to do it better." if untaught else ""


def _outcome(run: Run) -> str:
    """The figures in one sentence, with the text they were measured on."""
    if isinstance(run.about.get("pairs"), dict):  # measured on pairs, where the draft gives most words away
        return f"{outcome(run.about['pairs'])} {forgetting(run)}".strip()
    figures, text = run.about.get("figures", {}), run.about.get("text", {})
    value = figures.get("val_bits_per_byte")
    if value is None:
        nothing = "There was too little writing to hold some out, so it was not measured on any."
        return f"{nothing} {forgetting(run)}".strip() if figures else ""
    looks = [event["val_bits_per_byte"] for event in run.events if event.get("val_bits_per_byte")]  # on part of it, if it is long
    came = f", after looks on the way that fell from {looks[0]:.2f} to {min(looks):.2f}" if looks and looks[0] > min(looks) else ""
    held = f"{value:.2f} bits per byte on {count(int(text.get('val_characters', 0)), 'character')} held out{came}."
    return f"{held} {forgetting(run)}".strip()


def base_title(run: Run) -> str:
    """What the run stands on, by its name in full; nothing where it began from nothing."""
    name = str(run.about.get("base", "none"))
    return "" if name == "none" else BASES[name].title if name in BASES else name


def forgetting(run: Run) -> str:
    """What learning this writing did to the general English of the model that the run stands on."""
    before = run.about.get("general_bits_per_byte_before")
    after = run.about.get("figures", {}).get("general_bits_per_byte_after")
    if not (isinstance(before, float) and isinstance(after, float)):
        return ""
    verdict = "forgot some of its" if round(after, 2) > round(before, 2) else "forgot nothing of its"
    return f"It {verdict} general English: {after:.2f} bits per byte on plain prose of ours, {before:.2f} before."


def _stopped_early(run: Run) -> bool:
    return bool(run.about.get("figures", {}).get("stopped_early"))


def _latest_note(run: Run) -> str:
    return next((str(event["note"]) for event in reversed(run.events) if event.get("note")), "")


def about_html(run: Run) -> str:
    """What the run learnt from and was made with, as a short table."""
    text, settings = run.about.get("text", {}), run.about.get("settings", {})
    rows: list[tuple[str, str]] = []
    if {"documents", "words", "val_characters"} <= text.keys():
        rows.append(("Writing", f"{count(text['documents'], 'piece')}, {count(text['words'], 'word')}"))
        rows.append(("Held out", count(text["val_characters"], "character")))
    if base_title(run):
        rows.append(("Stands on", base_title(run)))
        rows.append(("General English", forgetting(run)))
    if run.about.get("parameters"):
        rows.append(("Model", count(run.about["parameters"], "number") + ("" if base_title(run) else " to learn")))
    for group, config in (("model", ModelConfig), ("train", TrainConfig), ("data", DataConfig)):
        values = settings.get(group) or {}
        if group == "data" and base_title(run):  # a base brings its own tokens
            values = {name: value for name, value in values.items() if name not in ("tokenizer", "vocab_size")}
        shown = [f"{name} {_plain(value)}" for name, value in values.items() if name in config.__dataclass_fields__]
        if shown:
            rows.append(({"model": "Shape", "train": "Learning", "data": "Text"}[group], ", ".join(shown)))
    rows.append(("Folder", run.name))
    cells = "".join(f"<dt>{esc(name)}</dt><dd>{esc(value)}</dd>" for name, value in rows)
    notes = "".join(f"<li>{esc(note)}</li>" for note in dict.fromkeys(run.about.get("notes") or []))
    return f'<dl class="facts">{cells}</dl>' + (f'<ul class="notes">{notes}</ul>' if notes else "")


def _plain(value: object) -> str:
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
