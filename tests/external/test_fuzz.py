"""No document that the schema allows brings the API down, shows its inside, or writes where it says no.

FUZZ_SECONDS is for all callers together: 45 here, 300 in `make fuzz`.
"""

import os

import pytest

from .fuzz import fuzz

SECONDS = int(os.environ.get("FUZZ_SECONDS", "45"))
pytestmark = pytest.mark.timeout(600 + 2 * SECONDS)


def test_whatever_is_asked_the_api_answers_or_refuses_and_a_refusal_writes_nothing(api, tmp_path):
    callers = api.callers()
    problems = {}
    for caller, headers in callers.items():
        found = fuzz(api, caller=caller, headers=headers, seconds=SECONDS // len(callers), folder=tmp_path)
        answered, refused = found.cases("answered"), found.cases("refused")
        print(f"{caller}: {found.cases()} cases over {len(found.names())} operations, {answered} answered", end=", ")
        print(f"{refused} refused: {dict(found.codes.most_common())}")
        print(f"  answered: {', '.join(sorted(found.names('answered')))}")
        if found.failed or not found.cases():
            problems[caller] = found.said
    for caller, said in problems.items():
        print(f"=== {caller} ===\n{said}")
    assert list(problems) == []
    assert "Unexpected error" not in api.log.read_text()
