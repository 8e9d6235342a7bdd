"""Start vibejam in the browser: `python app.py [--host H --port N --no-browser]`.

Builds the pages into one app, puts the guard around it and opens it on this machine alone.  It installs nothing and
needs no network, key or GPU.
"""

import os

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when gradio is imported: it would report every start
for _name in ("NO_PROXY", "no_proxy"):  # else Gradio asks a proxy whether this machine is there
    os.environ[_name] = ",".join(filter(None, [os.environ.get(_name), "127.0.0.1", "localhost", "::1"]))

if os.environ.get("SPACES_ZERO_GPU"):  # a Space that is lent a GPU: its package has to see torch before anybody else
    import spaces  # noqa: F401

import argparse  # noqa: E402
import signal  # noqa: E402
import socket  # noqa: E402
import sys  # noqa: E402
import threading  # noqa: E402
from collections.abc import Callable  # noqa: E402
from functools import partial  # noqa: E402

import gradio as gr  # noqa: E402

from pages import api, chart, labs, look, rewrite, sample, state, train, write  # noqa: E402
from vibejam import workspace  # noqa: E402
from vibejam.errors import UserError  # noqa: E402
from vibejam.guard import launch_options  # noqa: E402
from vibejam.jobs import JOBS, LEARN  # noqa: E402
from vibejam.runtime import is_space  # noqa: E402

PORT = 7860
LAST_SECONDS = 15.0  # until the program ends once everything is kept, whatever a page still waits for
KEPT = (  # how the ids begin of boxes whose content survives a reload; a key never does
    "paste", "prompt", "instruction", "preset", "knob-", "dice-", "strength", "source", "endpoint-",
)  # fmt: skip
TABS = (
    ("write", "Write", write),
    ("train", "Train", train),
    ("sample", "Sample", sample),
    ("rewrite", "Rewrite", rewrite),
    ("labs", "Labs", labs),
)


def build_app() -> gr.Blocks:
    """The whole app, ready to launch."""
    gr.set_static_paths([chart.plotly_js()])
    with gr.Blocks(title="vibejam", analytics_enabled=False, delete_cache=(600, 3600), fill_width=True) as app:
        owner = gr.State(state.nobody(), delete_callback=state.leave)
        look.fragment(look.masthead(state.where()))
        if is_space():  # a copy of one's own has no other visitors, and its writing is nobody's but one's own
            gr.DuplicateButton("Duplicate for private use", variant="secondary", size="md", elem_id="duplicate")
        pulse, clock = train.outside()
        with gr.Tabs(selected="write", elem_id="tabs") as tabs:
            pages = {}
            for name, title, module in TABS:
                with gr.Tab(title, id=name) as tab:
                    pages[name] = (tab, train.build(owner, pulse, clock) if module is train else module.build(owner))
        quiet = dict(show_progress="hidden", api_visibility="private", concurrency_limit=None)
        arrival = app.load(state.greet, owner, owner, **quiet)
        _keep_what_is_typed(app, owner, arrival, quiet)
        for tab, page in pages.values():
            arrival.then(page.show, page.inputs, page.outputs, **quiet)
            _arrive(tab.select, page, quiet)
            for button, target in page.leads.items():
                _arrive(
                    button.click(lambda to=target: gr.Tabs(selected=to), None, tabs, **quiet).then,
                    pages[target][1],
                    quiet,
                )
        picked = pages["train"][1].picks
        for page in (pages["sample"][1], pages["rewrite"][1]):
            picked.change(page.show, [owner, picked], page.outputs, **quiet | state.IN_ORDER)
        if not is_space():
            api.offer()
    return app


def _arrive(event: Callable, page: state.Page, quiet: dict) -> None:
    """When `event` happens, show the page as it is now."""
    step = event(page.show, page.inputs, page.outputs, **quiet)
    for after in page.after:
        step = step.then(**after)


def _keep_what_is_typed(app: gr.Blocks, owner: gr.State, arrival: gr.events.Dependency, quiet: dict) -> None:
    """Let a reload find in the boxes what was typed into them; in this process's memory alone."""
    boxes = [box for box in app.blocks.values() if (box.elem_id or "").startswith(KEPT)]
    for box in boxes:
        typed = [getattr(box, event) for event in ("input", "blur") if hasattr(box, event)]  # input alone misses the first one
        gr.on(typed, partial(state.remember, name=box.elem_id), [owner, box], None, trigger_mode="always_last", **quiet)
    names = [box.elem_id for box in boxes]
    recall = lambda owner: [gr.skip() if (was := state.recall(owner, name)) is None else was for name in names]  # noqa: E731
    arrival.then(recall, owner, boxes, **quiet)


def launch(app: gr.Blocks, host: str, port: int, browser: bool = False) -> None:
    """Serve `app` in the background, behind the guard."""
    app.queue(default_concurrency_limit=4, max_size=64)
    app.launch(
        **launch_options(host, port),
        inbrowser=browser,
        prevent_thread_lock=True,
        quiet=True,
        theme=look.theme(),
        css_paths=[look.STYLE, *(look.ASSETS / f"{name}.css" for name in ("sample", "review", "labs"))],
        favicon_path=look.LOGO,
        footer_links=[],
    )


def free_port(host: str, wanted: int | None) -> int:
    """`wanted`, or the first free port from 7860 on.  Raises UserError where there is none."""
    for port in [wanted] if wanted else range(PORT, PORT + 100):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            if os.name == "posix":  # what a program that was killed left behind holds its address for a minute, and hinders nobody
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except (OSError, OverflowError):
                continue
            return port
    what = f"Port {wanted} on {host} is taken or not allowed" if wanted else f"No port from {PORT} on is free on {host}"
    raise UserError(f"{what}; choose another with --port.")


def main(argv: list[str] | None = None) -> int:
    """Parse, have the home for oneself, and serve; Ctrl+C pauses a run in progress, so that it can be resumed."""
    parser = argparse.ArgumentParser(prog="app.py", description="vibejam in the browser, on this machine.")
    parser.add_argument("--host", default="0.0.0.0" if is_space() else "127.0.0.1", help="The address to listen on.")
    parser.add_argument("--port", type=int, help=f"The port; the first free one from {PORT} on unless named.")
    parser.add_argument("--no-browser", action="store_true", help="Do not open a browser.")
    args = parser.parse_args(argv)
    try:
        port = free_port(args.host, args.port)
        claimed = workspace.claim()
    except UserError as error:
        print(f"vibejam: {error}", file=sys.stderr)
        return 2
    os.environ.setdefault("GRADIO_TEMP_DIR", str(workspace.uploads_folder()))  # with the rest, and it goes with it
    with claimed:
        return serve(args.host, port, browser=not args.no_browser and not is_space())


def serve(host: str, port: int, browser: bool) -> int:
    """Launch, and wait until the program is asked to end; a run in progress is paused then."""
    for end in (signal.SIGINT, signal.SIGTERM):  # both mean: end, and lose nothing; behind a script's & the first would be ignored
        signal.signal(end, signal.default_int_handler)
    app = build_app()
    launch(app, host, port, browser)
    print(
        f"vibejam is at http://{'127.0.0.1' if host in ('0.0.0.0', '::') else host}:{port}  (Ctrl+C ends it)",
        flush=True,
    )
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        job = JOBS.alive()
        if job is not None:
            can_go_on = job.kind == LEARN
            print("Pausing the run in progress; it can be resumed." if can_go_on else "Stopping; what is done is kept.", flush=True)
            job.pause()
            job.wait(60)
        last = threading.Timer(LAST_SECONDS, os._exit, [0])  # Python alone would wait for every thread that answers a page
        last.daemon = True
        last.start()
        app.close(verbose=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
