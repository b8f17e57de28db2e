"""Starts a server so that it does not outlive the process that wanted it, where the system can see to that.

Run as a script, with the command and its arguments: ``python launch.py npx server-filesystem .``
"""

from __future__ import annotations

import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main() -> None:
    """Ask Linux for a signal when the parent ends, and become the server."""
    import ctypes

    parent = int(sys.argv[1])
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it has ended meanwhile
        sys.exit(1)
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606 -- what the user configured


if __name__ == "__main__":
    main()
