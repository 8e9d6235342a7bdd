"""The rewrite as a tool, called by the official MCP client as an assistant would: over the stdin and stdout of `vibejam mcp`."""

import asyncio
import json
import os
import subprocess
import sys

import pytest
from test_rewriting import lively, plain
from tiny_base import tiny_base

from vibejam.checkpoint import save_model
from vibejam.cli import main
from vibejam.engine import StyleEngine
from vibejam.rewrite.manner import learn_manner, save_manner

try:
    import mcp
except ImportError:
    mcp = None
needs_mcp = pytest.mark.skipif(mcp is None, reason='NOT RUN: no MCP client called the tool; pip install -e ".[mcp]" for that')
DRAFT = "# The kettle\n\nThe neighbour does not use the kettle very often. However, the kettle is not easy to move.\n"


@pytest.fixture(scope="module")
def voice(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mcp") / "a-voice"
    save_model(folder, *tiny_base())
    save_manner(folder, learn_manner([lively(n) for n in range(4)], [plain(n) for n in range(4)], []))
    return folder


def asked(folder, *calls):
    """The tools that are offered, and the answer to each call, from a server of its own."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = mcp.StdioServerParameters(
        command=sys.executable, args=["-m", "vibejam.cli", "mcp", "--ckpt-path", str(folder)], env=environment
    )

    async def talk():
        async with mcp.Client(command) as client:
            return await client.list_tools(), [await client.call_tool("rewrite", call) for call in calls]

    return asyncio.run(talk())


@needs_mcp
def test_the_official_client_finds_one_tool_and_its_rewrite_is_the_engine_s(voice):
    tools, (answer, light, empty, wild) = asked(
        voice, {"draft": DRAFT}, {"draft": DRAFT, "strength": 0.0}, {"draft": "  "}, {"draft": DRAFT, "strength": 7}
    )
    (tool,) = tools.tools
    assert tool.name == "rewrite" and "person's voice" in tool.description
    assert set(tool.input_schema["properties"]) == {"draft", "strength"} and tool.input_schema["required"] == ["draft"]
    expected = StyleEngine(voice).rewrite(DRAFT)
    found = answer.structured_content
    assert not answer.is_error and found["rewrite"] == expected.text != DRAFT and found["voice"].startswith("a-voice (")
    assert found["sentences_changed"] == sum(choice.text != choice.draft for choice in expected.choices) > 0
    assert json.loads(answer.content[0].text)["rewrite"] == expected.text, "a client that knows no structure reads the same"
    assert light.structured_content["rewrite"].startswith("# The kettle")
    assert empty.is_error and "nothing to rewrite" in empty.content[0].text
    assert wild.is_error and "between 0 and 1" in wild.content[0].text and "Traceback" not in wild.content[0].text


@needs_mcp
def test_stdout_carries_the_protocol_alone(voice):
    opened = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}}  # fmt: skip
    call = {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "rewrite", "arguments": {"draft": DRAFT}}}
    ready = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    server = subprocess.Popen(
        [sys.executable, "-m", "vibejam.cli", "mcp", "--ckpt-path", str(voice)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    lines = []
    for message in (opened, ready, call):
        server.stdin.write(json.dumps(message) + "\n")
        server.stdin.flush()
        if "id" in message:
            lines.append(json.loads(server.stdout.readline()))
    rest, errors = server.communicate(timeout=60)
    assert [line["id"] for line in lines] == [1, 2] and server.returncode == 0
    assert "kettle" in lines[1]["result"]["content"][0]["text"]
    assert rest.strip() == "" and "kettle" not in errors and "Traceback" not in errors


def test_without_the_extra_it_says_how_to_get_it(voice, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "mcp.server.mcpserver", None)
    assert main(["mcp", "--ckpt-path", str(voice)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and '.[mcp]' in said
    assert main(["mcp", "--ckpt-path", str(voice / "nowhere")]) == 2
