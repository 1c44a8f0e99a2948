"""The settings of tap-acton that reach a sandbox, to paste into a shell or a Meltano project."""

from __future__ import annotations

import json
import shlex
import shutil
import sysconfig
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from acton_sandbox.service import Service


def settings(service: Service, url: str) -> dict[str, str | int]:
    """Return the settings; those of limits only if the service enforces none."""
    known, limits = service.credentials, service.limits
    found: dict[str, str | int] = {
        "api_url": url,
        "client_id": known.client_id,
        "client_secret": known.client_secret,
        "username": known.username,
        "password": known.password,
    }
    if limits.requests_per_second is None:
        found["requests_per_second"] = 10_000
    if limits.requests_per_day is None:
        found["daily_request_limit"] = 100_000_000
    return found


def variables(service: Service, url: str, prefix: str = "") -> str:
    """Return the settings as variables of the environment, a line each."""
    return "\n".join(
        f"{prefix}TAP_ACTON_{name.upper()}={shlex.quote(str(value))}"
        for name, value in settings(service, url).items()
    )


def instructions(service: Service, url: str) -> str:
    """Return what a person has to know of a sandbox that listens, and can paste."""
    # Beside the sandbox is a tap; which one the other terminal would find is not known.
    tap = shutil.which("tap-acton", path=sysconfig.get_path("scripts")) or "tap-acton"
    lines = "\n".join(
        f"      {name}: {json.dumps(value)}" for name, value in settings(service, url).items()
    )
    return f"""\
The sandbox listens on {url} until you press Ctrl-C.
Open that address in a browser to see what the account holds.

To read it, paste this into another terminal:

{variables(service, url, "export ")}
{shlex.quote(tap)} --config=ENV > rows.jsonl

With Meltano, remove the empty TAP_ACTON_ lines from .env, since they count first, and put this
under tap-acton in meltano.yml:

    config:
{lines}
"""
