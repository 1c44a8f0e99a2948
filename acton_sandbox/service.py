"""The sandbox without its network: the state that requests meet and tests turn."""

from __future__ import annotations

from dataclasses import replace
from threading import RLock
from typing import TYPE_CHECKING, Any

from acton_sandbox.account import Account
from acton_sandbox.clock import Clock
from acton_sandbox.faults import FaultPlan
from acton_sandbox.journal import Journal
from acton_sandbox.limits import Allowance, Limits
from acton_sandbox.oauth import Credentials, TokenChain
from acton_sandbox.routes import Router
from acton_sandbox.view import Choices, View

if TYPE_CHECKING:
    from acton_sandbox.answers import Answer
    from acton_sandbox.replay import Replay

    Answers = Router | Replay

_NO_LIMITS = Limits(requests_per_second=None, requests_per_day=None, logins_per_hour=None)


class Service:
    """An account behind an API.

    Args:
        account: The account, by default a small one as of now.
        edition: The documentation edition whose keys are used, `2024` or `2019`.
        limits: The allowance to enforce; none by default.
        credentials: Who may log in.
        choices: What the documents leave open.
        clock: The clock, by default the real one.
        token_lifetime: Seconds for which an access token is good.
        answers: What answers calls for data; by default the sandbox's own endpoints.

    Attributes:
        answers: The same.
        requests: Every request seen, except those of the sandbox's own pages.
        faults: What goes wrong.
        clock: By which tokens expire and limits slide.
        credentials: Who may log in.
        tokens: The chain of tokens.
    """

    def __init__(  # noqa: PLR0913
        self,
        account: Account | None = None,
        edition: str = "2024",
        limits: Limits | None = None,
        *,
        credentials: Credentials | None = None,
        choices: Choices | None = None,
        clock: Clock | None = None,
        token_lifetime: int = 3600,
        answers: Answers | None = None,
    ) -> None:
        self.answers = answers or Router()
        self.clock = clock or Clock()
        self.credentials = credentials or Credentials()
        self.requests = Journal()
        self.faults = FaultPlan()
        self.tokens = TokenChain(self.clock, self.credentials, token_lifetime)
        self._allowance = Allowance(limits or _NO_LIMITS, self.clock)
        self._lock = RLock()
        self._view = View(account or Account.generate(), edition, choices or Choices())
        self.tokens.api_enabled = self._view.choices.api_enabled

    @property
    def view(self) -> View:
        """The view from which data calls are answered at present."""
        return self._view

    @property
    def account(self) -> Account:
        """The ground truth as of the account's `now`."""
        return self._view.account

    @account.setter
    def account(self, account: Account) -> None:
        self._change(account=account)

    @property
    def edition(self) -> str:
        """The documentation edition whose keys are used."""
        return self._view.edition

    @edition.setter
    def edition(self, edition: str) -> None:
        self._change(edition=edition)

    @property
    def choices(self) -> Choices:
        """What the documents leave open, as it is decided at present."""
        return self._view.choices

    @choices.setter
    def choices(self, choices: Choices) -> None:
        self.tokens.api_enabled = choices.api_enabled
        self._change(choices=choices)

    @property
    def limits(self) -> Limits:
        """The allowance that is enforced; setting another one starts counting anew."""
        return self._allowance.limits

    @limits.setter
    def limits(self, limits: Limits | None) -> None:
        self._allowance = Allowance(limits or _NO_LIMITS, self.clock)

    @property
    def allowance_used(self) -> dict[str, int]:
        """How many calls each limit has counted."""
        return self._allowance.used

    def refusal(self, grant_type: str | None = None) -> Answer | None:
        """Count a call against the limits, or answer why it is refused."""
        return self._allowance.refusal(grant_type)

    def next_day(self) -> Account:
        """Move the account one day on and return it; tokens and limits do not notice."""
        with self._lock:
            self._change(account=self.account.next_day())
            return self.account

    def revoke_tokens(self) -> None:
        """End all tokens, as another login with the same client and user does."""
        self.tokens.revoke()

    def _change(self, **fields: Any) -> None:
        with self._lock:
            self._view = replace(self._view, **fields)
