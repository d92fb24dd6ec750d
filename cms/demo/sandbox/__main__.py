"""``python -m cms.demo.sandbox stripe|runa --port N``: a stand-in as a process of its own, until it is stopped."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from .base import Sandbox
from .runa import RunaSandbox
from .runa_checks import openapi_validator
from .server import Running
from .stripe import StripeSandbox


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m cms.demo.sandbox", description=__doc__)
    parser.add_argument("provider", choices=["stripe", "runa"])
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--books", type=Path, help="keep the books in this file")
    parser.add_argument("--openapi", type=Path, help="check orders against Runa's OpenAPI document (needs jsonschema)")
    asked = parser.parse_args(argv)
    sandbox: Sandbox
    if asked.provider == "stripe":
        sandbox = StripeSandbox(books=asked.books)
    else:
        validate = openapi_validator(asked.openapi) if asked.openapi else None
        sandbox = RunaSandbox(books=asked.books, validate=validate)
    running = Running(sandbox, port=asked.port).start()
    sys.stdout.write(f"{sandbox.name} stand-in on {running.url}\n")
    sys.stdout.flush()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        running.wait()
    except KeyboardInterrupt:
        pass
    finally:
        running.stop()


if __name__ == "__main__":
    main()
