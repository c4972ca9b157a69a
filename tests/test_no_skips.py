"""In CI nothing can be skipped unseen, and elsewhere a skip stays a skip."""

from __future__ import annotations

import pytest

SKIPPING = {
    "a mark": "@pytest.mark.skip(reason='no harbour')\ndef test_it(): pass",
    "a condition": "@pytest.mark.skipif(True, reason='no harbour')\ndef test_it(): pass",
    "its own words": "def test_it(): pytest.skip('no harbour')",
    "a fixture": "@pytest.fixture\ndef harbour(): pytest.skip('no harbour')\ndef test_it(harbour): pass",
    "a missing module": "def test_it(): pytest.importorskip('no_harbour')",
    "its file": "pytest.skip('no harbour', allow_module_level=True)\ndef test_it(): pass",
    "a module that its file misses": "pytest.importorskip('no_harbour')\ndef test_it(): pass",
}
every_way = pytest.mark.parametrize("how", SKIPPING)


def outcome(pytester: pytest.Pytester, how: str, *options: str) -> pytest.RunResult:
    """A run of one file that skips, and of one that does not, under the hooks of this suite."""
    pytester.makepyfile(test_first=f"import pytest\n{SKIPPING[how]}", test_second="def test_other(): pass")
    return pytester.runpytest_inprocess("-p", "hansa_no_skips", "-rA", "--continue-on-collection-errors", *options)


@every_way
def test_in_ci_whatever_is_skipped_has_failed_and_says_why(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setenv("CI", "true")
    result = outcome(pytester, how)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    counted = result.parseoutcomes()
    assert (counted.get("passed"), counted.get("skipped", 0)) == (1, 0)
    assert counted.get("failed", 0) + counted.get("errors", 0) == 1
    result.stdout.re_match_lines([r".*skipped in CI: .*no[ _]harbour.*"])


def test_in_ci_a_file_that_skips_itself_ends_a_run_on_many_workers_too(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    result = outcome(pytester, "its file", "-n", "1")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.re_match_lines([r".*skipped in CI: .*no harbour.*"])


@every_way
def test_elsewhere_it_is_only_told(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    monkeypatch.delenv("CI", raising=False)
    result = outcome(pytester, how)
    assert result.ret == pytest.ExitCode.OK
    result.assert_outcomes(passed=1, skipped=1)
