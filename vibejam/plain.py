"""Markdown as a mail or a form takes it: the same words without the marks, everything in its place.

Code, tables, HTML and front matter stay as they are written.  Left out: what is no Markdown, which comes back as it was but for
blank lines.
"""

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.front_matter import front_matter_plugin

_PARSER = MarkdownIt("commonmark", {"maxNesting": 30}).enable(["table", "strikethrough"]).use(front_matter_plugin)
_AS_WRITTEN = ("table_open", "html_block", "front_matter", "hr")


def plain_text(markdown: str) -> str:
    """The text without Markdown's marks; a link's address follows its words in brackets."""
    lines = markdown.splitlines()
    blocks: list[tuple[str, bool]] = []  # (text, whether it is a list's item)
    numbers: list[int | None] = []  # of the next item of each open list; None in a bulleted one
    marker, passed = "", 0  # `passed`: the line up to which everything was taken as written
    for token in _PARSER.parse(markdown):
        if token.type in ("bullet_list_open", "ordered_list_open"):
            numbers.append(int(token.attrs.get("start", 1)) if token.type == "ordered_list_open" else None)
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            numbers.pop()
        elif token.type == "list_item_open":
            here = numbers[-1]
            marker = "  " * (len(numbers) - 1) + ("- " if here is None else f"{here}. ")
            numbers[-1] = None if here is None else here + 1
        elif token.type in _AS_WRITTEN and token.map:
            blocks.append(("\n".join(lines[token.map[0] : token.map[1]]).strip("\n"), False))
            passed = token.map[1]
        elif token.type in ("fence", "code_block"):
            blocks.append((token.content.rstrip("\n"), False))
        elif token.type == "inline" and (token.map is None or token.map[0] >= passed):
            blocks.append((marker + _inline(token.children or []), bool(marker)))
            marker = ""
    pieces: list[str] = []
    after_item = False
    for text, is_item in blocks:
        pieces += ["\n" if is_item and after_item else "\n\n", text]
        after_item = is_item
    return "".join(pieces[1:])


def _inline(children: list[Token]) -> str:
    pieces: list[str] = []
    links: list[tuple[str, int]] = []  # (address, where its words begin)
    for child in children:
        if child.type == "link_open":
            links.append((str(child.attrs.get("href", "")), len(pieces)))
        elif child.type == "link_close":
            address, at = links.pop()
            if address and address not in "".join(pieces[at:]):
                pieces.append(f" ({address})")
        elif child.type in ("softbreak", "hardbreak"):
            pieces.append("\n")
        elif child.type in ("text", "code_inline", "html_inline", "image"):
            pieces.append(child.content)
    return "".join(pieces)
