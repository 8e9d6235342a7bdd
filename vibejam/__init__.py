"""vibejam learns how one person writes, and rewrites a machine's draft in that voice without changing what it says."""

import os

__version__ = "0.1.0"

# Read when torch is loaded, so it stands here.  OpenMP's threads wait for each other by spinning for a long while; on a machine
# that does anything else besides, they then burn the time they wait for: on one, a run with 2 threads crept along at 560 tokens a
# second for minutes, and a short spin ended that.  Seen on a busy machine of 2 cores; not compared side by side on a quiet one.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")
