"""What the commands have in common: settings that were given, progress on stderr, and a stop that tears nothing.

One file a room: learning.py, rewriting.py, labs.py, outside.py.  Each command reads its arguments, calls the engine and returns
what cli.py prints.  What is slow to import is imported inside the command that needs it.
"""

import argparse
import signal
import sys


def given(args: argparse.Namespace, *names: str) -> dict[str, object]:
    return {name: getattr(args, name) for name in names if getattr(args, name) is not None}


def stop_on_signals() -> list[bool]:
    """A list that fills at Ctrl-C or a request to end: the step at work is finished and saved, not torn."""
    stop: list[bool] = []
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.append(True))
    return stop


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def say_event(event) -> None:
    held = f", held-out {event.val_bits_per_byte:.3f} bits per byte" if event.val_bits_per_byte is not None else ""
    star = " *" if event.best else ""
    say(
        f"{event.progress:4.0%}  step {event.iteration}: loss {event.train_loss:.3f}{held}{star}  "
        f"({event.tokens_per_second:,.0f} tokens/s)"
    )
    if event.note:
        say(event.note)
