"""Figures as a person says them: counts, lengths of time, dates, HTML-safe text.  No Gradio and no engine here."""

import re
from datetime import date, datetime
from html import escape

_STAMPED = re.compile(r"(\d{4})-(\d\d)-(\d\d)-(\d\d)(\d\d)(\d\d)(?:-(.+))?")


def esc(text: object) -> str:
    """Safe to stand in HTML, as text or inside a quoted attribute."""
    return escape(str(text), quote=True)


def count(n: int, one: str, many: str = "") -> str:
    """1 piece, 1,204 pieces."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def span(seconds: float) -> str:
    """A length of time nobody holds a watch to: "about 40 seconds", "about 3 minutes"."""
    if seconds < 4:
        return "a few seconds"
    if seconds < 55:
        return f"about {max(5, round(seconds / 5) * 5)} seconds"
    if seconds < 95:
        return "about a minute"
    if seconds < 45 * 60:
        minutes = max(2, round(seconds / 60))
        return f"about {minutes} minutes"
    hours = seconds / 3600
    return "about an hour" if hours < 1.25 else f"about {hours:.1f} hours".replace(".0 ", " ")


def clock(seconds: float) -> str:
    """1:05, or 1:02:05 from an hour on."""
    whole = int(seconds)
    minutes = f"{whole // 60 % 60}:{whole % 60:02}"
    return minutes if whole < 3600 else f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


def run_title(name: str, today: date | None = None, seconds: bool = False) -> str:
    """A run folder's name as a person would say it: "today 16:05, quick"; a name given by hand stays as it is."""
    match = _STAMPED.fullmatch(name)
    if not match:
        return name
    try:
        when = datetime(*(int(part) for part in match.groups()[:6]))
    except ValueError:
        return name
    today = today or date.today()
    day = (
        "today"
        if when.date() == today
        else f"{when.day} {when:%B}" + ("" if when.year == today.year else f" {when.year}")
    )
    return f"{day} {when:{'%H:%M:%S' if seconds else '%H:%M'}}" + (f", {match[7].replace('-', ' ')}" if match[7] else "")


def day_of(name: str, created: str = "") -> str:
    """The day of a run, by its folder's name or the moment it was `created` (ISO): "22 Nov 2026"; nothing where neither says."""
    match = _STAMPED.fullmatch(name)
    try:
        when = date(*(int(part) for part in match.groups()[:3])) if match else date.fromisoformat(created[:10])
    except ValueError:
        return ""
    return f"{when.day} {when:%b %Y}"
