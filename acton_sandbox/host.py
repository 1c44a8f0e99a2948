"""An application on a socket, in a thread of its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from ipaddress import ip_address
from typing import TYPE_CHECKING, Self

from acton_sandbox.server import ThreadedServer, listening_socket

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from starlette.types import ASGIApp


class Host(ABC):
    """Listens while it is entered.

    Args:
        host: The address to listen on.
        port: The port to listen on; 0 takes any free one.

    Attributes:
        url: Where it listens, once it has been started.
        is_private: Whether only this machine can reach it.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self.url = ""
        self.is_private = True
        self._address = (host, port)
        self._server: ThreadedServer | None = None

    @abstractmethod
    def _application(self, hosts: Sequence[str]) -> ASGIApp:
        """Return what answers, with the names under which its own pages may be called."""

    def start(self) -> None:
        """Listen, and return once requests are answered.

        Raises:
            OSError: The address is taken or is not one of this machine.
        """
        listener = listening_socket(*self._address)
        host, port = listener.getsockname()
        self.url = f"http://{host}:{port}"
        self.is_private = ip_address(host).is_loopback
        application = self._application([host, "localhost"] if self.is_private else ["*"])
        self._server = ThreadedServer(application, listener)
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
