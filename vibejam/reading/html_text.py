"""HTML → the article's own words: no menus, scripts, tables, code or quotations, and no tags.

Parsed by lxml, whose time grows with the size of a page and not with its square, however broken the page.
Used for .html files, for mail that has no plain text, and for raw HTML inside Markdown.
"""

import codecs
import re
from typing import NamedTuple

from bs4 import BeautifulSoup
from bs4.element import CData, PreformattedString, Tag

from vibejam.reading.decoding import NotText, decode

_NOT_PROSE = frozenset(
    (
        "script style noscript template head title nav footer aside form button select option datalist textarea iframe "
        "svg math canvas video audio object embed pre table td th tr blockquote figcaption rt rp del s "
        "strike dialog menu map"
    ).split()
)
_BLOCKS = frozenset(
    (
        "p div h1 h2 h3 h4 h5 h6 ul ol dl dt dd article section main header address details summary figure hr center "
        "hgroup fieldset legend body html tr td th"
    ).split()
)
# Blocks that are somebody else's words or no words at all, by the names that pages and mail programs give them.
_STRANGE_NAMES = frozenset(
    "comments comment-list commentlist disqus_thread sidebar breadcrumb breadcrumbs share sharing social related "
    "pagination cookie-banner gmail_quote gmail_quote_container gmail_attr gmail_signature yahoo_quoted "
    "moz-cite-prefix moz-signature footnote-ref footnote-backref visually-hidden sr-only MathJax katex "
    "highlight".split()
)
_CHARSET = re.compile(rb"""charset\s{0,4}=\s{0,4}["']?\s{0,4}([A-Za-z0-9_.:-]{1,40})""", re.IGNORECASE)
_DEEPEST_LAYOUT = 8  # tables in tables; beyond that nobody laid out a page
_BLANKS = re.compile(r"[ \t\r\n\f]+")  # what HTML folds; a no-break space is not among it


def html_file_text(data: bytes) -> tuple[str, str, tuple[str, ...]]:
    """A page's bytes → (text, encoding, warnings).  Raises NotText where no words of an article are left."""
    source, encoding, warnings = _decoded(data)
    soup = BeautifulSoup(source, "lxml")
    quoted = sum(len(quote.get_text()) for quote in soup.find_all("blockquote"))
    text = _text(soup, article_only=True)
    if not text.strip():
        raise NotText("a web page without any text of an article")
    if quoted > len(text):
        warnings += (mostly_quotations(quoted, len(text)),)
    return text, encoding, warnings


def html_to_text(source: str) -> str:
    """A piece of HTML → its prose, paragraphs separated by blank lines."""
    return _text(BeautifulSoup(source, "lxml"), article_only=False)


def mostly_quotations(quoted: int, kept: int) -> str:
    """The warning for a text of which more was quoted than written; both in characters."""
    return f"mostly quotations: {100 * quoted // (quoted + kept)} % was other people's words and was left out"


def _decoded(data: bytes) -> tuple[str, str, tuple[str, ...]]:
    text, encoding, warnings = decode(data)
    declared = _CHARSET.search(data[:4096])
    if "assumed" in encoding and declared is not None:  # a page that says what it is written in is believed
        name = declared[1].decode("ascii")
        try:
            if codecs.lookup(name).name not in ("utf-8", "utf-16"):
                return data.decode(name, errors="replace"), name, ()
        except LookupError:
            pass
    return text, encoding, warnings


def _text(soup: BeautifulSoup, article_only: bool) -> str:
    for name in ("article", "main") if article_only else ():
        articles = _topmost(soup, name)
        text = "\n\n".join(filter(None, map(_flow, articles)))
        if text:
            return text
    # Outside an article a header holds the site's name and its menu.
    return _flow(soup, leave_out=_NOT_PROSE | {"header"} if article_only else _NOT_PROSE)


def _topmost(soup: BeautifulSoup, name: str) -> list[Tag]:
    found, waiting = [], [soup]
    while waiting:
        tag = waiting.pop()
        if tag.name == name:
            found.append(tag)
        else:
            waiting.extend(child for child in reversed(tag.contents) if isinstance(child, Tag))
    return found


def _flow(root: Tag, leave_out: frozenset[str] = _NOT_PROSE) -> str:
    """The tree under `root` as running text, without recursion: pages can be nested thousands deep."""
    pieces: list[str] = []
    items = tables = 0  # list items and layout tables that are open
    waiting: list[object] = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, _Closing):
            pieces.append(node.text)
            items -= node.item
            tables -= node.table
        elif not isinstance(node, Tag):
            if not isinstance(node, PreformattedString) or isinstance(node, CData):  # a comment is no text
                pieces.append(_BLANKS.sub(" ", node))
        elif node.name == "br":
            pieces.append("\n")
        elif not _strange(node) and not _footnote_mark(node):
            lays_out = node.name == "table" and tables < _DEEPEST_LAYOUT and _holds_paragraphs(node)
            in_layout = tables > 0 and node.name in ("tr", "td", "th")
            if node.name in leave_out and not lays_out and not in_layout:
                continue
            item = node.name == "li"
            opening, closing = _edges(node.name, in_item=items > 0)
            pieces.append(opening)
            items += item
            tables += lays_out
            waiting.append(_Closing(closing, item, lays_out))
            waiting.extend(reversed(node.contents))
    lines = (line.strip(" ") for line in "".join(pieces).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line for line in lines if line != "-")).strip("\n")


class _Closing(NamedTuple):
    text: str
    item: bool
    table: bool


def _edges(name: str, in_item: bool) -> tuple[str, str]:
    if name == "li":
        return "\n- ", ""
    if name == "q":
        return "“", "”"
    if name in _BLOCKS and not (in_item and name in ("p", "div")):
        return "\n\n", "\n\n"
    return "", ""


def _strange(tag: Tag) -> bool:
    if not tag.attrs:
        return False
    names = [*(tag.get("class") or []), tag.get("id") or ""]
    hidden = tag.has_attr("hidden") or tag.get("aria-hidden") == "true"
    menu = tag.get("role") in ("navigation", "banner", "contentinfo", "search", "dialog", "alert")
    return hidden or menu or any(name in _STRANGE_NAMES for name in names)


def _footnote_mark(tag: Tag) -> bool:
    return tag.name == "sup" and (tag.find("a") is not None or not re.search(r"[^\W\d_]", tag.get_text()))


def _holds_paragraphs(table: Tag) -> bool:
    """Old pages are laid out with tables: one whose cells hold paragraphs is no table of figures."""
    return table.find("p") is not None or any(len(string) > 300 for string in table.strings)
