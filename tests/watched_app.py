"""vibejam's own app as `python app.py` starts it, which says on SIGUSR1, in a line of JSON, what it keeps in memory.

For the load script, which looks whether anything is kept of visitors who have gone.
"""

import json
import signal
import sys
import threading
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]

import app  # noqa: E402
from pages import rewrite, state  # noqa: E402
from vibejam.jobs import JOBS  # noqa: E402

build_app, built = app.build_app, []


def kept() -> dict[str, int]:
    """How much there is of each kind; what outlives a visitor is bounded."""
    pages = built[0].state_holder.session_data.values() if built else []
    return {
        "visitors": len(state._visitors),
        "voices": len(state._engines),
        "corpora": len(state._corpora),
        "profiles": len(state._profiles),
        "typed texts": len(state._typed),
        "exports": len(state._exports),
        "runs": len(JOBS._jobs),
        "rewrites under way": len(rewrite._stops),
        "pages": len(pages),
        "values of pages": sum(len(page.state_data) for page in pages),
        "threads": threading.active_count(),
    }


def noted():
    built.append(build_app())
    return built[0]


if __name__ == "__main__":
    app.build_app = noted
    signal.signal(signal.SIGUSR1, lambda *_: print("kept " + json.dumps(kept()), flush=True))
    sys.exit(app.main())
