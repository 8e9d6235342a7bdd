"""The OpenAI-compatible face, and the guard that both servers stand behind.  Being built: for now the guard alone."""

from vibejam.guard import Guard, launch_options

__all__ = ["Guard", "launch_options"]
