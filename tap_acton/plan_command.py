"""The command line of the plan: ``tap-acton-plan``, or ``python -m tap_acton.plan_command``."""

from __future__ import annotations

import json
from typing import IO, TYPE_CHECKING, Any

import click

from tap_acton.__main__ import in_one_sentence
from tap_acton.errors import StreamFailedError
from tap_acton.plan import make_plan
from tap_acton.tap import TapActOn

if TYPE_CHECKING:
    from tap_acton.plan import Plan

OPTIONS = ("version", "config", "catalog", "state")
"""The options of the tap that matter here."""


class Planner(TapActOn):
    """The tap, which says what a run will take in place of making it."""

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """Give the command line.

        Returns:
            The command.
        """
        command = super().get_singer_command()
        command.help = "Say how many calls a run of the tap will take, before it is made."
        command.params = [
            *(option for option in command.params if option.name in OPTIONS),
            click.Option(
                ["--format", "plan_format"],
                type=click.Choice(["text", "json"]),
                default="text",
                help="How to write the plan.",
            ),
        ]
        return command

    @classmethod
    def invoke(  # type: ignore[override] # other options than the tap has
        cls,
        *,
        config: Any = None,
        state: IO[str] | None = None,
        catalog: IO[str] | None = None,
        plan_format: str = "text",
    ) -> None:
        """Run the command line.

        Args:
            config: The configuration, as :meth:`cb_config` gave it.
            state: The file with the state.
            catalog: The file with the catalog.
            plan_format: How to write the plan: ``text`` or ``json``.

        Raises:
            StreamFailedError: If the plan is not complete.
        """
        plan = cls.of_command_line(config, state, catalog).plan()
        click.echo(json.dumps(plan.data()) if plan_format == "json" else plan.text())
        if plan.failed:
            raise StreamFailedError(
                f"The plan is not complete: {', '.join(plan.failed)}. The reasons are above."
            )

    def plan(self) -> Plan:
        """Plan a run.

        Returns:
            The plan.
        """
        try:
            return make_plan(self)
        finally:
            self.run.close()


def main() -> None:
    """Run the command; every failure that can be foreseen ends in one sentence."""
    with in_one_sentence():
        Planner.cli()


if __name__ == "__main__":
    main()
