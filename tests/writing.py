"""A little writing for tests: enough to learn from in a second, and our own."""

SENTENCES = (
    "The gate was open when I came down, and the dog was in the lane again.",
    "I said so to Morgan, who said nothing, which is what he says.",
    "It rained on the washing; it always rains on the washing.",
    "We put the ladder back where it lives and forgot the bucket.",
    "My sister rang at nine to ask about the clock, and I told her about the gate.",
    "Nobody has ever mended that gate, though everybody has held it.",
    "In the end the dog shut it himself, by leaning.",
    "There was soup, and then there was the rest of the soup.",
)


def essay(number: int, paragraphs: int = 6) -> str:
    """A text unlike the essays of other numbers: its sentences stand in another order and carry another count."""
    lines = []
    for p in range(paragraphs):
        order = [SENTENCES[(number * 3 + p * 5 + k * (2 * number + 1)) % len(SENTENCES)] for k in range(4)]
        lines.append(f"On day {number * 31 + p * 7} of the year this happened. " + " ".join(order))
    return "\n\n".join(lines)


def write_folder(folder, count: int = 8):
    """`count` essays as files in `folder`, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        (folder / f"essay-{number}.txt").write_text(essay(number), encoding="utf-8")
    return folder
