"""The explanations of ``make mutation`` are about the code as it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutation.survivors import Mutant, explained, function_of

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "mutant", [pytest.param(mutant, id=mutant.function) for mutant in explained()]
)
def test_an_explained_mutant_changes_a_line_that_is_there(mutant: Mutant) -> None:
    path = ROOT / mutant.function.replace(".", "/")
    module = next(file for parent in path.parents if (file := parent.with_suffix(".py")).exists())
    lines = {line.strip() for line in module.read_text("utf-8").splitlines()}

    gone = [line[1:] for line in mutant.change if line.startswith("-")]

    assert gone
    assert lines.issuperset(gone)


@pytest.mark.parametrize(
    ("mutant", "function"),
    [
        ("tap_acton.records.values.x_integer__mutmut_3", "tap_acton.records.values.integer"),
        ("tap_acton.records.values.x__numeral__mutmut_12", "tap_acton.records.values._numeral"),
        (
            "tap_acton.api.auth.xǁTokenChainǁ__init____mutmut_1",
            "tap_acton.api.auth.TokenChain.__init__",
        ),
        (
            "tap_acton.sync.fan_out.xǁ_FanOutǁ_start__mutmut_7",
            "tap_acton.sync.fan_out._FanOut._start",
        ),
    ],
)
def test_a_mutant_is_told_of_by_its_function(mutant: str, function: str) -> None:
    assert function_of(mutant) == function


def test_a_name_of_another_form_is_not_guessed_at() -> None:
    with pytest.raises(ValueError, match="no_mutant"):
        function_of("no_mutant")
