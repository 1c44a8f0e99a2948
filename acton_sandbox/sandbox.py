"""The sandbox as a running server."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Self

from acton_sandbox.gateway import Gateway
from acton_sandbox.pages import own_pages
from acton_sandbox.server import ThreadedServer, listening_socket
from acton_sandbox.service import Service

if TYPE_CHECKING:
    from types import TracebackType


class Sandbox(Service):
    """A service that listens on a socket, in a thread of its own, while it is entered.

    Args:
        *args: What `Service` takes.
        host: The address to listen on.
        port: The port to listen on; 0 takes any free one.
        **kwargs: What `Service` takes.

    Attributes:
        url: Where it listens, once it has been started.
        is_private: Whether only this machine can reach it.
    """

    def __init__(self, *args: Any, host: str = "127.0.0.1", port: int = 0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.url = ""
        self.is_private = True
        self._address = (host, port)
        self._server: ThreadedServer | None = None

    def start(self) -> None:
        """Listen, and return once requests are answered.

        Raises:
            OSError: The address is taken or is not one of this machine.
        """
        listener = listening_socket(*self._address)
        host, port = listener.getsockname()
        self.url = f"http://{host}:{port}"
        self.is_private = ip_address(host).is_loopback
        pages = own_pages(self, [host, "localhost"] if self.is_private else ["*"])
        self._server = ThreadedServer(Gateway(self, pages), listener)
        self._server.start()

    def stop(self) -> None:
        """Stop listening, and return once the server has ended."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
