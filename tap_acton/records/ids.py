"""Ids of rows that come without one.

Warehouses hold these ids: a change of how they are made doubles every row already there.
"""

from __future__ import annotations

import re
from collections import Counter
from hashlib import blake2b
from typing import TypeAlias

Identity: TypeAlias = tuple[str | None, ...]
"""What identifies a row, in a fixed order; the ids of the items that it belongs to included."""


ADDRESS = re.compile(r"(?<![^\s@])[^\s@]++@[^\s@]+")
"""From the beginning of a word on; to try each of its letters would take the square of the time."""

_DIGEST = re.compile("header [0-9a-f]{16}")


LONGEST_SHOWN = 200
"""Characters of a text that is logged, such as the name of an item with its id."""


def has_address(text: str) -> bool:
    """Return whether an e-mail address is in a text, such as an id that is one."""
    return "@" in text and ADDRESS.search(text) is not None


def kept_text(text: str) -> str:
    """Return a text as catalogs and states keep it: as a digest, if an address is in it."""
    return fingerprint(text) if has_address(text) else text


def without_addresses(text: str) -> str:
    """Replace e-mail addresses in a text that is logged, such as an id that is one."""
    return ADDRESS.sub("(an address)", text)


def shown(text: str) -> str:
    """Return what the account calls something as it is logged: without addresses, shortened."""
    text = without_addresses(text)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."


def header_identity(header: str) -> str:
    """Return what a list's column is known by in catalogs and states: a digest of its header.

    Where a file was uploaded without headers, its first row is taken for them.

    Args:
        header: The header; an identity stays as it is.
    """
    return header if _DIGEST.fullmatch(header) else f"header {fingerprint(header)[:16]}"


def fingerprint(*parts: str | int | None) -> str:
    """Return the digest of what identifies a row, as 32 hexadecimal digits.

    The parts are written one after the other, each in a form that says where it ends:
    ``n`` for None, ``i<digits>;`` for a number, ``s<length>:<characters>`` for a text.
    So no two different sequences of parts are written alike. The digest is BLAKE2b of
    16 bytes over the UTF-8 of that, the same on every machine and in every version.
    """
    written = "".join(
        [
            f"s{len(part)}:{part}"
            if isinstance(part, str)
            else "n"
            if part is None
            else f"i{part:d};"
            for part in parts
        ]
    )
    # Lone surrogates are no valid UTF-8, but they must neither fail nor collide here.
    return blake2b(written.encode(errors="surrogatepass"), digest_size=16).hexdigest()


class IdNumbers:
    """Ids of rows that may be identical and come in several batches.

    The first row with an identity gets number 1, the next one 2, and so on. Rows of one query
    have their numbers from one object, so that a later run gives them the same ids and memory
    stays flat.
    """

    def __init__(self) -> None:
        self._counts: Counter[Identity] = Counter()

    def next_id(self, *identity: str | None) -> str:
        """Return the fingerprint of the identity and of its next number."""
        self._counts[identity] += 1
        return fingerprint(*identity, self._counts[identity])
