"""An Act-On API to run against without an account: a server and a generated account.

It follows the published documents of the API (Act-On reference, 2024 edition, and Act-On
developer site, 2019 edition), not any client of it. What they leave open is a choice, see
`Choices`.

    with Sandbox(Account.generate(seed=7, size="small")) as sandbox:
        sandbox.url             # where it listens
        sandbox.account         # what it holds, to compare with
        sandbox.requests        # what was requested
        sandbox.faults.add(Fault("status", status=503, path_pattern="/api/1/list/*", times=2))
        sandbox.next_day()      # new, late, changed and deleted things

`tap-acton-sandbox`, or `python -m acton_sandbox`, runs it in a process of its own, with the same
controls over HTTP under `/_sandbox/` and a page for people at `/`.
"""

from acton_sandbox.account import Account
from acton_sandbox.clock import Clock
from acton_sandbox.faults import Fault
from acton_sandbox.journal import SeenRequest
from acton_sandbox.limits import Limits, Refusal
from acton_sandbox.oauth import Credentials

try:
    from acton_sandbox.many_accounts import ManyAccounts
    from acton_sandbox.sandbox import Sandbox
except ModuleNotFoundError as error:
    # The command is installed with the tap; its packages are not.
    if error.name not in {"starlette", "uvicorn"}:
        raise
    raise SystemExit("The sandbox needs its extra: install tap-acton[sandbox].") from error
from acton_sandbox.size import Size
from acton_sandbox.view import Choices

__all__ = [
    "Account",
    "Choices",
    "Clock",
    "Credentials",
    "Fault",
    "Limits",
    "ManyAccounts",
    "Refusal",
    "Sandbox",
    "SeenRequest",
    "Size",
]
