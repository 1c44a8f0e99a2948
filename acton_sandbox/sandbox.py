"""The sandbox as a running server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acton_sandbox.gateway import Gateway
from acton_sandbox.host import Host
from acton_sandbox.pages import own_pages
from acton_sandbox.service import Service

if TYPE_CHECKING:
    from collections.abc import Sequence


class Sandbox(Service, Host):
    """A service that listens on a socket, in a thread of its own, while it is entered.

    Args:
        *args: What `Service` takes.
        host: The address to listen on.
        port: The port to listen on; 0 takes any free one.
        **kwargs: What `Service` takes.
    """

    def __init__(self, *args: Any, host: str = "127.0.0.1", port: int = 0, **kwargs: Any) -> None:
        Service.__init__(self, *args, **kwargs)
        Host.__init__(self, host, port)

    def _application(self, hosts: Sequence[str]) -> Gateway:
        return Gateway(self, own_pages(self, hosts))
