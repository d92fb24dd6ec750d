"""Lighthouse on the demo's landing page, served as in production, on its simulated cheap phone."""

import json
import statistics

import pytest

from tests.browser import chromium_path, missing
from tests.processes import demo_environment, free_port, running_demo

from .node import packages, run_node

pytestmark = pytest.mark.timeout(1200)
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
LEAST = 95
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-component-update --disable-sync"
)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    with running_demo(demo_environment(tmp_path_factory.mktemp("demo"), free_port())) as (found, _process):
        yield found


def audit(url: str, *categories: str) -> tuple[dict[str, float], dict[str, str]]:
    """Each category's score of 100, and what is not perfect."""
    browser = chromium_path()
    if browser is None:
        missing("no Chromium on this machine: install the package chromium")
    for _attempt in range(3):  # a browser on a busy machine may lose its own trace
        done = run_node(
            packages() / "lighthouse" / "cli" / "index.js", url, "--quiet", "--output=json", f"--chrome-flags={FLAGS}",
            f"--only-categories={','.join(categories)}", CHROME_PATH=str(browser),
        )  # fmt: skip
        if done.returncode == 0:
            break
    assert done.returncode == 0, done.stderr[-2000:]
    report = json.loads(done.stdout)
    scores = {name: round(category["score"] * 100) for name, category in report["categories"].items()}
    audits = report["audits"].values()
    poor = {a["id"]: a.get("displayValue") or a["title"] for a in audits if a["score"] is not None and a["score"] < 0.9}
    return scores, poor


def test_the_landing_page_is_fast_accessible_sound_and_found(demo):
    # Performance is measured and thus noisy: the median of three, where the first is not good enough by itself.
    scores, poor = audit(demo["landing_url"], *CATEGORIES)
    if scores["performance"] < LEAST:
        again = [audit(demo["landing_url"], "performance")[0]["performance"] for _ in range(2)]
        scores["performance"] = statistics.median([scores["performance"], *again])
    print(f"Lighthouse: {scores}")
    assert {name: score for name, score in scores.items() if score < LEAST} == {}, poor
    assert set(scores) == set(CATEGORIES)
