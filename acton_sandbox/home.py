"""The page at `/`: what the sandbox holds, what was requested, how to point the tap at it."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from acton_sandbox.limits import Refusal
from acton_sandbox.settings import variables
from acton_sandbox.truth import counts_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from acton_sandbox.limits import Limits
    from acton_sandbox.service import Service

_SHOWN_REQUESTS = 50
_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --accent: #0a6c74; }
@media (prefers-color-scheme: dark) { :root { --accent: #5cc8d0; } }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 72rem; padding: 2rem; }
h1 { margin: 0; font-size: 1.7rem; } h1 + p { margin: .2rem 0 2rem; opacity: .75; }
h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; color: var(--accent); }
.columns { display: grid; gap: 0 3rem;
  grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; overflow-wrap: anywhere; }
th { font-weight: 600; white-space: nowrap; }
pre { background: var(--soft); padding: 1rem; border-radius: .5rem; overflow-x: auto; }
code, pre, .wide td { font: 13px/1.5 ui-monospace, monospace; }
form { display: inline; } button { font: inherit; padding: .35rem .9rem; border-radius: .4rem;
  border: 1px solid var(--accent); color: var(--accent); background: none; cursor: pointer; }
button:hover { background: var(--soft); }
"""


def home_page(service: Service, url: str) -> str:
    """Return the page as HTML, in which every text from outside is escaped."""
    account = service.account
    counts = ((name, f"{number:,}") for name, number in counts_of(account).items())
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Act-On sandbox</title>
<style>{_STYLE}</style>
<h1>Act-On sandbox</h1>
<p>{escape(account.name)}, a generated account behind the Act-On API</p>
<form method="post" action="/_sandbox/next-day"><button>Next day</button></form>
<form method="post" action="/_sandbox/revoke-tokens"><button>Revoke tokens</button></form>
<div class="columns">
<section><h2>The account holds</h2>{_table((), counts)}</section>
<section><h2>State</h2>{_table((), _state(service))}</section>
</div>
<h2>Point tap-acton at it</h2>
<pre>{escape(variables(service, url))}</pre>
<h2>Faults</h2>
<div class="wide">{_faults(service)}</div>
<h2>The last requests</h2>
<div class="wide">{_requests(service)}</div>
</html>
"""


def _table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table; without headers, the first cell of each row heads it."""
    lines = []
    if headers:
        lines.append("".join(f"<th>{escape(header)}</th>" for header in headers))
    for row in rows:
        cells = [escape(str(cell)) for cell in row]
        first = f"<td>{cells[0]}</td>" if headers else f"<th>{cells[0]}</th>"
        lines.append(first + "".join(f"<td>{cell}</td>" for cell in cells[1:]))
    return f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def _state(service: Service) -> list[tuple[str, str]]:
    account = service.account
    live = service.tokens.live
    if live is None:
        token = "nobody is logged in"  # noqa: S105
    else:
        seconds = round(live.expires_at - service.clock.now())
        token = f"good for {seconds:,} s" if seconds > 0 else "access token expired"
    used = service.allowance_used
    return [
        ("now", f"{account.now:%Y-%m-%d %H:%M} UTC"),
        ("time zone", account.time_zone),
        ("account id", str(account.account_id)),
        ("documentation edition", service.edition),
        ("token", token),
        *((name.replace("_", " "), f"{used[name]:,} of {text}") for name, text in _limits(service)),
    ]


def _limits(service: Service) -> list[tuple[str, str]]:
    limits: Limits = service.limits
    numbers = ((f.name, getattr(limits, f.name)) for f in fields(limits))
    return [
        (name, "no limit" if number is None else f"{number:,}")
        for name, number in numbers
        if not isinstance(number, bool | Refusal)
    ]


def _faults(service: Service) -> str:
    faults = service.faults.state()
    if not faults:
        return "<p>None is set.</p>"
    return _table(
        ("kind", "paths", "times", "after", "probability", "matched", "fired"),
        (
            (
                fault["kind"],
                fault["path_pattern"],
                "always" if fault["times"] is None else fault["times"],
                fault["after"],
                fault["probability"],
                fault["matched"],
                fault["fired"],
            )
            for fault in faults
        ),
    )


def _requests(service: Service) -> str:
    seen = service.requests.snapshot()
    if not seen:
        return "<p>None yet.</p>"
    return _table(
        ("at (UTC)", "method", "path", "status", "fault"),
        (
            (
                f"{datetime.fromtimestamp(request.at, UTC):%H:%M:%S}",
                request.method,
                f"{request.path}?{urlencode(request.query)}" if request.query else request.path,
                request.status or "reset",
                request.fault,
            )
            for request in reversed(seen[-_SHOWN_REQUESTS:])
        ),
    )
