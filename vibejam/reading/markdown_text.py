"""Markdown → the prose in it, one line a paragraph.

Left out: front matter, code blocks, tables, images, quotations, formulas, template tags, footnote marks, what was
struck through, and bare markup.  Kept: prose, headings, list items, link text, the words of inline code (without them a
sentence has holes) and what the footnotes say.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.front_matter import front_matter_plugin

from vibejam.reading.decoding import NotText
from vibejam.reading.html_text import html_to_text, mostly_quotations

_PARSER = (
    MarkdownIt("commonmark", {"maxNesting": 50})
    .enable(["table", "strikethrough"])
    .use(front_matter_plugin)
    .use(footnote_plugin)
    .use(dollarmath_plugin, allow_space=False, allow_digits=False)
)
_TOML_FRONT_MATTER = re.compile(r"\A\s{0,20}\+\+\+[ \t]*\n(?:(?!\+\+\+).*\n){0,500}\+\+\+[ \t]*(?:\n|\Z)")
_TEMPLATE_TAG = re.compile(r"\{%[^%{}\n]{0,400}%\}|\{\{[^{}\n]{0,400}\}\}")  # Liquid, Jinja, Hugo shortcodes
_ATTRIBUTES = re.compile(r"^\s{0,3}\{:[^{}\n]{0,200}\}\s*$", re.MULTILINE)  # kramdown's
_HIGHLIGHT_OPEN = re.compile(r"\{[%{][-<%]?\s{0,4}(?:highlight|raw-code)\b")
# What people write although CommonMark reads it otherwise: a definition right under a paragraph, a blank in a
# footnote's name, a tag broken over lines (whose ">" would begin a quotation).
_DEFINITION = re.compile(r"(?<=\n)(?= {0,3}\[[^\[\]\n]{1,120}\]:[ \t]+\S)")
_FOOTNOTE_NAME = re.compile(r"\[\^[^\[\]\n]{1,80}\]")
_BROKEN_TAG = re.compile(r"<[A-Za-z][\w-]{0,20}\s(?:[^<>\n]|\n(?![ \t]*\n)){0,800}>")
_RULE = re.compile(r"[-*_=~\s]+")
_SKIPPED = {"blockquote", "table"}
_WRAPPERS = ("blockquote", "table", "pre", "figure", "video", "audio", "select")  # HTML that may enclose Markdown
_TAG = re.compile(rf"<(/?)({'|'.join(_WRAPPERS)})\b", re.IGNORECASE)
_STRUCK = re.compile(r"<(/?)(?:s|del|strike)\b", re.IGNORECASE)


def markdown_text(source: str) -> tuple[str, tuple[str, ...]]:
    """Markdown with "\\n" line ends → (prose, warnings).  Raises NotText where there was no prose."""
    source = _TOML_FRONT_MATTER.sub("", source.lstrip("\ufeff"))
    source = _ATTRIBUTES.sub("", _without_highlight_blocks(source))
    source = _DEFINITION.sub("\n", source)
    source = _FOOTNOTE_NAME.sub(lambda name: name[0].replace(" ", "-"), source)
    source = _BROKEN_TAG.sub(lambda tag: tag[0].replace("\n", " "), source)
    walk = _Walk()
    for token in _PARSER.parse(source):
        walk.take(token)
    text = walk.text()
    if not text:
        raise NotText(_what_it_was(walk, source))
    warnings = (mostly_quotations(walk.quoted, len(text)),) if walk.quoted > len(text) else ()
    return text, warnings


def _what_it_was(walk: "_Walk", source: str) -> str:
    if not source.strip():
        return "nothing in it"
    if walk.quoted:
        return "only quotations: other people's words"
    return "no prose in it, only code" if walk.code else "no prose in it, only front matter, tables, pictures or markup"


class _Walk:
    """What was collected so far while going through the parser's tokens in order."""

    def __init__(self) -> None:
        self.blocks: list[tuple[str, bool]] = []  # (text, whether it is a list item)
        self.quoted = 0  # characters of other people's words left out
        self.code = False
        self._skipping: list[str] = []  # quotations and tables that are open
        self._html: list[str] = []  # HTML elements left open around Markdown that is not to be learnt
        self._lists: list[int | None] = []  # the number of the next item; None in a bulleted list
        self._marker = ""

    def text(self) -> str:
        pieces: list[str] = []
        previous_is_item = False
        for text, is_item in self.blocks:
            pieces += ["\n" if is_item and previous_is_item else "\n\n", text]
            previous_is_item = is_item
        return "".join(pieces[1:])

    def take(self, token: Token) -> None:
        kind = token.type.rpartition("_")[0] or token.type
        if kind in _SKIPPED and token.nesting == 1:
            self._skipping.append(kind)
        elif kind in _SKIPPED and token.nesting == -1:
            self._skipping.pop()
        elif token.type == "html_block":
            self._take_html(token.content)
        elif token.type in ("fence", "code_block"):
            self.code = True
        elif token.type in ("bullet_list_open", "ordered_list_open"):
            start = token.attrs.get("start", 1) if token.type == "ordered_list_open" else None
            self._lists.append(None if start is None else int(start))
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            self._lists.pop()
        elif token.type == "list_item_open":
            self._marker = self._next_marker()
        elif token.type == "inline":
            self._take_prose(_inline(token.children or []))

    def _next_marker(self) -> str:
        number = self._lists[-1]
        if number is None:
            return "- "
        self._lists[-1] = number + 1
        return f"{number}. "

    def _take_prose(self, text: str) -> None:
        text = _TEMPLATE_TAG.sub("", text).strip()
        if self._skipping or self._html:
            self.quoted += len(text) if "blockquote" in [*self._skipping, *self._html] else 0
        elif text and not _RULE.fullmatch(text):
            self.blocks.append((self._marker + text, bool(self._marker)))
        self._marker = ""

    def _take_html(self, source: str) -> None:
        was_open = bool(self._html)
        for closing, name in _TAG.findall(source):
            name = name.lower()
            if not closing:
                self._html.append(name)
            elif name in self._html:
                while self._html.pop() != name:
                    pass
        if self._skipping or was_open or self._html:
            return
        for paragraph in html_to_text(source).split("\n\n"):
            paragraph = _TEMPLATE_TAG.sub("", " ".join(paragraph.split())).strip()
            if paragraph and not _RULE.fullmatch(paragraph):
                self.blocks.append((paragraph, False))


def _inline(children: list[Token]) -> str:
    pieces: list[str] = []
    struck = 0
    for child in children:
        if child.type in ("s_open", "s_close"):
            struck += child.nesting
        elif child.type == "html_inline":
            tag = _STRUCK.match(child.content)
            if tag is not None:
                struck = max(0, struck + (-1 if tag[1] else 1))
            elif re.match(r"<br\b", child.content, re.IGNORECASE):
                pieces.append("\n")
        elif struck:
            continue
        elif child.type in ("text", "code_inline"):
            pieces.append(child.content)
        elif child.type == "softbreak":
            pieces.append(" ")
        elif child.type == "hardbreak":
            pieces.append("\n")
    lines = (re.sub(" {2,}$", "", line.strip()) for line in "".join(pieces).split("\n"))
    return "\n".join(lines)


def _without_highlight_blocks(source: str) -> str:
    """Jekyll's and Hugo's own code blocks, `{% highlight %} … {% endhighlight %}`."""
    pieces: list[str] = []
    at = 0
    while opening := _HIGHLIGHT_OPEN.search(source, at):
        end = source.find("endhighlight", opening.end())
        if end < 0:
            break
        pieces.append(source[at : opening.start()])
        at = end + len("endhighlight")
        rest = re.compile(r"[^%{}\n]{0,20}%?\}{1,2}").match(source, at)
        at = rest.end() if rest else at
    pieces.append(source[at:])
    return "".join(pieces)
