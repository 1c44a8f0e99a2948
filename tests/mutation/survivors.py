"""Tells of the mutants that no test noticed and that ``explained.toml`` does not explain.

``make mutation`` changes the modules that decide on correctness, one small change at a
time, and runs their tests against each. ``python -m tests.mutation.survivors`` then
compares what is left with the explanations: a change is known by its function and its
lines, since the numbers of mutants move with every edit.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

EXPLAINED = Path(__file__).with_name("explained.toml")

NOTICED = {"killed", "timeout"}
"""What becomes of a mutant that the tests notice; one that never ends does not pass."""

_STATUS = re.compile(r"^ +(?P<mutant>\S+): (?P<status>.+)$", re.MULTILINE)
_MUTANT = re.compile(r"(?P<module>.+)\.x(?:ǁ(?P<owner>\w+)ǁ|_)(?P<function>.+)__mutmut_\d+")
_CHANGED_LINE = re.compile(r"^[-+](?![-+]{2} ).*$", re.MULTILINE)


class Mutant(NamedTuple):
    """A change of the code.

    Attributes:
        function: The function or method that is changed, with its module.
        change: The lines that go, each after a ``-``, and those that come, after a ``+``.
    """

    function: str
    change: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join([f"{self.function}:", *(f"  {line}" for line in self.change)])


def explained() -> dict[Mutant, str]:
    """Read the explanations.

    Returns:
        Why no test can notice a mutant, by the mutant.
    """
    entries = tomllib.loads(EXPLAINED.read_text(encoding="utf-8"))["mutants"]
    return {
        Mutant(entry["function"], tuple(change)): entry["because"]
        for entry in entries
        for change in entry["changes"]
    }


def survivors() -> Iterator[Mutant]:
    """Find the mutants of the last run of mutmut that no test noticed.

    Yields:
        The mutants; those that the run did not get to are among them.
    """
    for found in _STATUS.finditer(_mutmut("results", "--all", "true")):
        if found["status"] not in NOTICED:
            difference = _mutmut("show", found["mutant"])
            yield Mutant(
                function_of(found["mutant"]),
                tuple(line[0] + line[1:].strip() for line in _CHANGED_LINE.findall(difference)),
            )


def function_of(mutant: str) -> str:
    """Tell which function a mutant changes.

    Args:
        mutant: Its name, as mutmut gives it.

    Returns:
        The function or method, with its module.

    Raises:
        ValueError: If the name is of another form.
    """
    found = _MUTANT.fullmatch(mutant)
    if found is None:
        raise ValueError(mutant)
    return ".".join(filter(None, found.group("module", "owner", "function")))


def _mutmut(*arguments: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-m", "mutmut", *arguments], check=True, capture_output=True, text=True
    )
    return ran.stdout


def main() -> int:
    """Tell of what is not explained, and of explanations without a mutant.

    Returns:
        The exit code: 0 where there is nothing to tell of.
    """
    known, found = explained(), set(survivors())
    for mutant in sorted(found - known.keys()):
        print("Not noticed by any test, and not explained:", mutant, sep="\n")  # noqa: T201
    for mutant in sorted(known.keys() - found):
        print("Explained, but there is no such survivor:", mutant, sep="\n")  # noqa: T201
    print(f"{len(found)} mutants survive, {len(found & known.keys())} of them explained.")  # noqa: T201
    return int(found != known.keys())


if __name__ == "__main__":
    sys.exit(main())
