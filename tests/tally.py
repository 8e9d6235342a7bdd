"""What the security and fault tests tried, counted by the tests themselves as they try it, and printed when all have run."""

from collections import Counter

COUNTS: Counter[str] = Counter()


def count(what: str, number: int = 1) -> None:
    COUNTS[what] += number


def nothing_lost(sound: bool, what: str) -> None:
    """Check that something outlived a fault; where it did not, that is a loss, which fails the test and is counted."""
    count("things looked for after a fault")
    count("losses", not sound)
    assert sound, f"lost: {what}"


def report() -> list[str]:
    """One line a count, losses last, even where there are none."""
    if "things looked for after a fault" not in COUNTS:
        return [f"{COUNTS[what]:>8,} {what}" for what in sorted(COUNTS)]
    return [f"{COUNTS[what]:>8,} {what}" for what in sorted(COUNTS, key=lambda what: (what == "losses", what))]
