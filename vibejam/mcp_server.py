"""`vibejam mcp`: rewriting as a tool for MCP clients, over their own stdin and stdout.

The client starts this program and nothing listens on any port, so that whoever can use the tool is whoever may start programs here.
Nothing but the rewriting is offered, and nobody outside this machine is asked.  The protocol (https://modelcontextprotocol.io) is
the official SDK's, an optional extra.
"""

import threading
from collections.abc import Callable, Sequence
from typing import TypedDict

from vibejam import __version__
from vibejam.config import RewriteConfig
from vibejam.engine import StyleEngine
from vibejam.errors import UserError
from vibejam.rewrite.pairs import Pair

INSTRUCTIONS = (
    "vibejam rewrites a draft in the manner of the one person whose voice it has learnt. Numbers, names, negations, quotations, "
    "links and code come back as they were. Pass the whole text; give the result to the person as it is."
)


class Rewritten(TypedDict):
    """What the tool answers."""

    rewrite: str
    voice: str
    kept_as_is: bool
    sentences_changed: int
    sentences: int
    note: str


def build_server(engine: StyleEngine, edits: Callable[[], Sequence[Pair]]):
    """The MCP server around one voice; `edits`, what the person made of earlier drafts, are read anew for each one.

    Raises UserError where the extra is not installed.
    """
    try:
        from mcp.server.mcpserver import MCPServer
        from mcp.server.mcpserver.exceptions import ToolError
        from mcp.types import ToolAnnotations
    except ImportError as error:
        raise UserError('The MCP server needs one package more; install it with `pip install -e ".[mcp]"`.') from error

    server = MCPServer("vibejam", version=__version__, instructions=INSTRUCTIONS, log_level="ERROR")
    one_at_a_time = threading.Lock()

    @server.tool(annotations=ToolAnnotations(title="Rewrite in the person's voice", read_only_hint=True, open_world_hint=False))
    def rewrite(draft: str, strength: float = 1.0) -> Rewritten:
        """Rewrite a draft (English, plain text or Markdown) in the person's voice. Strength: 0, a light touch, to 1, all of it."""
        try:
            with one_at_a_time:
                found = engine.rewrite(draft, RewriteConfig(strength=strength), edits=edits())
        except UserError as error:
            raise ToolError(str(error)) from error
        except Exception as error:  # its words may quote the draft
            raise ToolError(f"vibejam failed at this draft ({type(error).__name__}); try another one.") from None
        return Rewritten(
            rewrite=found.text,
            voice=engine.name,
            kept_as_is=found.kept_as_is,
            sentences_changed=sum(choice.text != choice.draft for choice in found.choices),
            sentences=len(found.choices),
            note=found.note or "",
        )

    return server
