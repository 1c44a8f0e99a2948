"""The code location: reads accounts.yml and the models, and defines all there is."""

from __future__ import annotations

import os

from orchestrate.accounts import accounts_path, read_accounts
from orchestrate.dagster.definitions import build
from orchestrate.dagster.models import read_manifest
from orchestrate.run_account import places_of

_accounts = read_accounts(accounts_path(os.environ))
_places = places_of(os.environ)

definitions = build(_accounts, _places, read_manifest(_places, _accounts.target))
