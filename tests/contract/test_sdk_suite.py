"""The standard tests of the Singer SDK, run against the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.testing import SuiteConfig, get_tap_test_class

from acton_sandbox import Account, Sandbox
from acton_sandbox.size import ListPlan
from acton_sandbox.sizes import SMALL
from tap_acton.tap import TapActOn
from tests.contract.conftest import NOW
from tests.contract.harness import catalog, config_of, signals_kept

if TYPE_CHECKING:
    from collections.abc import Iterator

# The class is made before a sandbox runs; the address is filled in when it does.
CONFIG: dict[str, Any] = {
    "optional_streams": ["*"],
    "client_id": "sandbox-client",
    "client_secret": "sandbox-secret",
    "username": "reader@example.com",
    "password": "sandbox-password",
    "seo_reports": [{"url": "https://www.example.com/", "keyword": "lighthouse"}],
    "job_ids": [{"job_type": "list_upload", "id": "1048"}],
    "on24_client_ids": ["300112233"],
}

with signals_kept():
    _StandardTests = get_tap_test_class(
        TapActOn,
        config=CONFIG,
        suite_config=SuiteConfig(),
        parse_env_config=False,
        catalog=catalog(),
    )


@pytest.fixture(scope="class", autouse=True)
def _sandbox() -> Iterator[None]:
    webinar = ListPlan("Webinar: first steps", 5, "webinar", "300112233")
    account = Account.generate(seed=7, size="small", now=NOW, lists=(*SMALL.lists, webinar))
    with signals_kept(), Sandbox(account=account) as sandbox:
        CONFIG.update(config_of(sandbox))
        yield


# Columns that are null in every row, as extra_fields should be.
@pytest.mark.filterwarnings("ignore:No records were available to test")
class TestTapActOn(_StandardTests):  # type: ignore[misc, valid-type]
    """The standard tests; the sandbox's account has rows for every stream."""
