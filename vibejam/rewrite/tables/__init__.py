"""What may stand for what, as text: a set or a pattern a line, # before a remark.

Left out: what the lines mean (table.py, company.py).
"""

from importlib.resources import files


def lines_of(name: str) -> list[str]:
    """The lines of a table that are no remarks, in order."""
    text = files(__name__).joinpath(f"{name}.txt").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.strip() and line[0] != "#"]
