"""Write the captures of the sandbox anew: ``python -m tests.captures``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from acton_sandbox import Account, Choices
from tap_acton.check.capture import capture, written
from tap_acton.check.command import Checker
from tests.contract.in_process import bench_in_process

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
SHIFT = timedelta(days=-30, hours=-5, seconds=-7)
"""No secret, and short: there is nothing to hide, and each month more is another call."""

ACCOUNTS = {
    "2024": ("2024", Choices()),
    "2019": (
        "2019",
        Choices(audience_center="older", contact_dates="display", contact_keys="names"),
    ),
    "array": (
        "2024",
        Choices(undocumented_shape="array", contact_dates="milliseconds", multi_text_is_array=True),
    ),
    "refused": (
        "2024",
        Choices(
            audience_center="none",
            custom_objects="off",
            suppression_filter="refused",
        ),
    ),
}
"""The edition and the choices by the name of the file."""


def main() -> None:
    """Check each account, and write what was captured."""
    account = Account.generate(seed=7, size="small", now=NOW, contacts=10)
    for name, (edition, choices) in ACCOUNTS.items():
        with bench_in_process(account, edition=edition, choices=choices) as bench:
            checker = Checker(config=bench.config())
            checker.check()
        document = capture(checker.exchanges, about={}, shift=SHIFT)
        Path(__file__).with_name(f"sandbox_{name}.json").write_text(
            written(document), encoding="utf-8"
        )


if __name__ == "__main__":
    main()
