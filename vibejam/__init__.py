"""vibejam learns how one person writes, and rewrites a machine's draft in that voice without changing what it says."""

__version__ = "0.1.0"
