"""Child processes that never outlive their parent: each leads its own group, so that all of it can be stopped."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import IO

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def _end_with_parent() -> None:
    """Linux tells the child when its parent dies, however it dies; elsewhere this does nothing."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def start_child(
    command: Sequence[str], *, env: Mapping[str, str] | None = None, log: IO[bytes] | None = None
) -> subprocess.Popen[bytes]:
    """Start ``command`` in a process group of its own; its output goes to ``log``, or to ours."""
    return subprocess.Popen(  # noqa: S603 - callers pass programs of their own, never input
        command,
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT if log else None,
        start_new_session=True,
        preexec_fn=_end_with_parent,  # noqa: PLW1509 - runs before any thread exists, and calls only prctl
    )


def stop_child(child: subprocess.Popen[bytes], *, grace: float) -> None:
    """Ask the child to end, wait ``grace`` seconds, then end its whole group: also what it left behind."""
    if child.poll() is None:
        child.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(grace)
    kill_group(child)


def kill_group(child: subprocess.Popen[bytes]) -> None:
    """End every process of the child's group at once."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
