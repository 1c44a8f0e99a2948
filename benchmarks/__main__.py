"""The command: ``python -m benchmarks``, or ``make bench``."""

from __future__ import annotations

import argparse

from benchmarks import growth, pace, speed, start
from benchmarks.tables import machine

PARTS = ("start", "speed", "pace", "growth")
QUICK_SIZES = (2_000,)


def main(arguments: list[str] | None = None) -> None:
    """Measure, and print tables in Markdown."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=main.__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"{', '.join(PARTS)}; or all")
    parser.add_argument(
        "--quick", action="store_true", help="small numbers, to check that everything runs"
    )
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=list(speed.ROUNDS), help="numbers of records"
    )
    parser.add_argument("--rounds", type=int, help="how many times each is measured")
    parser.add_argument("--only", default="", help="only contenders whose names contain this")
    parser.add_argument(
        "--plot", metavar="FILE", help="write the plot of the growth to this SVG file"
    )
    options = parser.parse_args(arguments)
    parts = options.parts or PARTS
    if unknown := set(parts) - set(PARTS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    print(machine(), end="\n\n", flush=True)
    if "start" in parts:
        _show(start.table_of(1 if options.quick else 5))
    if "speed" in parts:
        sizes = QUICK_SIZES if options.quick else options.sizes
        rounds = 1 if options.quick else options.rounds
        for measured in speed.speeds(sizes, rounds, options.only):
            _show(measured.table())
    if "pace" in parts:
        _show(pace.table_of(messages=2 if options.quick else 90))
    if "growth" in parts:
        grown = growth.growth((20,) if options.quick else growth.SIZES)
        _show(growth.table_of(grown))
        if options.plot:
            growth.draw(grown, options.plot)


def _show(text: str) -> None:
    print(text, end="\n\n", flush=True)


if __name__ == "__main__":
    main()
