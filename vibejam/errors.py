"""The one exception a person may meet.

Everything below the command line and the pages raises `UserError` for what a person can put right; both faces print its
sentence and nothing else.  Any other exception is a bug of ours and is shown as such.
"""


class UserError(Exception):
    """One sentence: what is wrong, where, and what to do next."""


class SettingError(UserError, ValueError):
    """A setting outside its range."""
