"""A comparison as one HTML file that needs nothing else: draft and rewrite side by side, what changed, and the figures."""

from html import escape

from vibejam.diff import word_diff
from vibejam.engine import Comparison

STYLE = """
:root { --paper: #fbf9f4; --text: #26221c; --quiet: #6f675b; --line: #e4ddd0; --draft: #4a6076; --voice: #9a4a1f; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #1b1917; --text: #e9e3d8; --quiet: #a39a8c; --line: #38332c; --draft: #9db4c9; --voice: #e2a071; }
}
body { margin: 0 auto; padding: 2.5rem 1.25rem; max-width: 72rem; background: var(--paper); color: var(--text);
  font: 1.05rem/1.6 Georgia, "Iowan Old Style", serif; }
h1 { font-size: 1.5rem; font-weight: 600; margin: 0 0 1.5rem; }
.sides { display: grid; gap: 2.5rem; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)); }
h2, footer, table { font: .82rem/1.5 system-ui, sans-serif; color: var(--quiet); }
h2 { border-bottom: 2px solid; padding-bottom: .3rem; margin: 0 0 .8rem; font-weight: 600; }
.draft h2, del { color: var(--draft); } .voice h2, ins { color: var(--voice); }
p { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; max-width: 70ch; }
del { text-decoration: line-through; } ins { text-decoration: underline; text-underline-offset: .15em; }
section.changes { margin-top: 2.5rem; border-top: 1px solid var(--line); padding-top: 1rem; }
table { border-collapse: collapse; margin-top: 2rem; } td { padding: .2rem 1.5rem .2rem 0; }
td + td { color: var(--text); font-variant-numeric: tabular-nums; }
"""


def render(pair: Comparison, figures: dict[str, str]) -> str:
    """The page.  `figures`: what is measured, in words, and its value."""
    marks = {"same": "{}", "draft": "<del>{}</del>", "rewrite": "<ins>{}</ins>"}
    changes = "".join(marks[kind].format(escape(text)) for kind, text in word_diff(pair.draft.text, pair.rewrite.text))
    rows = "".join(f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>" for name, value in figures.items())
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Draft and rewrite</title><style>{STYLE}</style></head><body>
<h1>{escape(pair.draft.instruction)}</h1>
<div class="sides">
<section class="draft"><h2>Draft by {escape(pair.draft_model)}</h2><p>{escape(pair.draft.text)}</p></section>
<section class="voice"><h2>Rewrite by {escape(pair.rewrite_model)}</h2><p>{escape(pair.rewrite.text)}</p></section>
</div>
<section class="changes"><h2>What changed</h2><p>{changes}</p></section>
<table>{rows}</table>
</body></html>
"""
