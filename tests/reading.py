"""What the tests of the readers share: one file in, its text or its reason out."""

from vibejam.readers import Document, Skipped, read_bytes


def text_of(name: str, content: str | bytes) -> str:
    results = read_bytes(name, content.encode() if isinstance(content, str) else content)
    assert len(results) == 1 and isinstance(results[0], Document), results
    return results[0].text


def reason_of(name: str, content: str | bytes) -> str:
    results = read_bytes(name, content.encode() if isinstance(content, str) else content)
    assert len(results) == 1 and isinstance(results[0], Skipped), results
    return results[0].reason
