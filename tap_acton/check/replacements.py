"""Made-up values of the same form as those that came: the same one for the same value, everywhere.

Which one it is depends on nothing but the form of a value and on how many others of that form
came before it. So nothing of a value is in the one that replaces it, and a made-up value, replaced
again, is the same.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections import defaultdict
from datetime import timedelta
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tap_acton.api.responses import THROTTLE_WORDS
from tap_acton.check.places import KeptNumber, KeptText
from tap_acton.check.shifted import (
    SAMPLE_ZONE,
    is_epoch,
    shifted_epoch,
    shifted_text,
    zone_names,
)
from tap_acton.check.words import is_documented, is_documented_value, timestamp_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CONSONANTS = "zxqvjkw"
VOWELS = "uoiy"
"""What made-up words in the Latin script consist of: no language has many words like these."""

ALPHABETS = {
    "LATIN": "žûŷõ",
    "GREEK": "ψξζω",
    "CYRILLIC": "щъфю",
    "CJK": "龘靐齉爩",
    "HIRAGANA": "ぬゐゑを",
    "KATAKANA": "ヌヰヱヲ",
    "HANGUL": "뷁쀍쁡쌍",
    "ARABIC": "ظغضث",
    "HEBREW": "טצקץ",
    "THAI": "ฬฮฆฌ",
    "DEVANAGARI": "झठढञ",
}
"""The letters of made-up words in other scripts; those of Latin are the ones outside ASCII."""

OTHER_SYMBOL = "¤"
WIDE_SYMBOL = "🜨"
"""What stands for any character that is no letter, no digit and not in ASCII."""

LONGEST_NUMBER = 24
MOST_WORDS = 12
MOST_PARTS = 40
"""Of a longer text so many words are left, and of an id without blanks so many parts."""

DEEPEST = 40
"""What has more levels of arrays and objects is taken for a text."""

PHRASES = (
    "No resources match requested URI",
    "PUBLIC_API_FEATURE_NOT_ENABLED",
    *THROTTLE_WORDS,
)
"""What the tap looks for in the text of an error."""

ERROR_TEXTS = frozenset(
    {"httpMessage", "moreInformation", "message", "errorMessage", "error", "error_description"}
)

FORMATS = frozenset({"dataFormat", "format"})
"""Fields that say how dates are written."""

_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+")
_LINK = re.compile(r"(?:[a-z][a-z0-9+.-]*://|www\.|mailto:)\S+", re.IGNORECASE)
_MARKUP = re.compile(r"<[a-zA-Z!/]")
_FORMAT = re.compile(
    r"(?=.*yy)(?=.*M)(?=.*d)([yMdHhmsSaXzZE])\1*(?:[ ./:,'T-]+([yMdHhmsSaXzZE])\2*)+", re.ASCII
)
_AGO = re.compile(r"(\d+) ((?:minute|hour|day|week|month|year)s? ago)", re.IGNORECASE)
_PARTS = re.compile(r"(?P<word>[A-Za-z0-9]+|[^\W_A-Za-z0-9]+)|(?P<other>[\W_]+)")
_KEPT_OTHERS = re.compile(r"[\x20-\x7e\t\r\n]")
_PREFIXES = frozenset({"co", "aoc", "sys"})
_NO_SHIFT = timedelta()
_ENDLESS = 10**15
"""From here on a number with decimals is one and the same."""


class Replacements:
    """Replaces values, and remembers by what.

    Args:
        shift: By how much timestamps are moved; None to make all of them the same.
    """

    def __init__(self, shift: timedelta | None) -> None:
        self._shift = shift
        self._given: dict[str, dict[str, str]] = defaultdict(dict)

    def without_times(self) -> Replacements:
        """Return the same replacements, but one time for every timestamp.

        The time of an error, or of a call, is that of the check itself: who knows when that was
        would know by how much all others are moved.
        """
        made = Replacements(None)
        made._given = self._given
        return made

    def name(self, name: str) -> str:
        """Return the name of a field; one that the account's users may have written is made up."""
        return name if is_documented(name) else self._prefixed(name)

    def value(self, value: Any, name: str = "") -> Any:  # noqa: PLR0911 - one line for each type
        """Return what stands for a value.

        Args:
            value: Anything that JSON can hold.
            name: The name of its field.
        """
        match value:
            case None | bool():
                return value
            case KeptNumber():
                return int(value)
            case KeptText():
                return str(value)
            case dict():
                return {self.name(key): self.value(held, key) for key, held in value.items()}
            case list():
                return [self.value(held, name) for held in value]
            case int():
                return self._integer(value, name)
            case float():
                is_endless = not abs(value) < _ENDLESS
                whole = 3 * _ENDLESS if is_endless else self._integer(int(abs(value)), "")
                return math.copysign(whole + 0.5, value)
        return self.text(str(value), name)

    def text(self, text: str, name: str = "") -> str:
        """Return what stands for a text."""
        kind = kind_of(text, name)
        write = self._writers().get(kind, self._words)
        return write(text)

    def _writers(self) -> dict[str, Callable[[str], str]]:
        return {
            "kept": str,
            "zone": lambda _: SAMPLE_ZONE,
            "ago": lambda text: _AGO.sub(lambda ago: f"{self._digits(ago[1])} {ago[2]}", text),
            "epoch": lambda text: str(shifted_epoch(int(text), self._shift)),
            "timestamp": lambda text: shifted_text(text, self._shift) or "",
            "JSON": lambda text: json.dumps(self.value(json.loads(text)), ensure_ascii=False),
            "address": lambda text: f"{self._numbered('address', text.casefold())}@example.com",
            "link": lambda text: f"https://example.com/{self._numbered('link', text)}",
            "markup": lambda text: f"<p>{self._numbered('markup', text)}</p>",
            "phrase": phrase_in,
        }

    def _prefixed(self, name: str) -> str:
        prefix, dot, rest = name.partition(".")
        if prefix not in _PREFIXES or not rest:
            return self.text(name)
        return f"{prefix}{dot}{rest if is_documented(rest) else self.text(rest)}"

    def _numbered(self, kind: str, value: str) -> str:
        """Return a word of which every distinct value of a kind has its own."""
        given = self._given[kind]
        # A made-up one stays what it is, at the same place among the others.
        return given.setdefault(value, latin_word(len(given), 4))

    def _integer(self, number: int, name: str) -> int:
        if is_epoch(number, in_seconds=name in timestamp_names()):
            return shifted_epoch(number, self._shift)
        return int(self._digits(str(abs(number)))) * (-1 if number < 0 else 1)

    def _words(self, text: str) -> str:
        """Replace the words of a text one by one, and keep what stands between them."""
        most = MOST_WORDS if any(character.isspace() for character in text) else MOST_PARTS
        made, words = "", 0
        for found in _PARTS.finditer(unicodedata.normalize("NFC", text)):
            if found["other"]:
                made += _signs_kept(found["other"])
                continue
            made += "".join(self._word(part) for part in humps(found["word"]))
            words += 1
            if words == most:
                break
        return made

    def _word(self, word: str) -> str:
        if word.isascii() and word.isdecimal():
            return self._digits(word)
        key = word.casefold()
        if word.isascii() and not word.isalpha():
            ends = (word[0].isdecimal(), word[-1].isdecimal())
            length = min(len(word), LONGEST_NUMBER)
            given = self._given[f"mixed {ends} {length}"]
            made = given.setdefault(key, mixed_word(len(given), ends, length))
        else:
            script = script_of(word)
            length = class_of(len(word), script)
            given = self._given[f"{script} {length}"]
            made = given.setdefault(key, letters(len(given), script, length))
        if word.isupper():
            return made.upper()
        return made.capitalize() if word[0].isupper() else made

    def _digits(self, digits: str) -> str:
        digits = digits[:LONGEST_NUMBER]
        rest = digits.lstrip("0")
        zeros = "0" * (len(digits) - len(rest))
        if not rest:
            return zeros
        if zeros and len(digits) >= _FEW:
            given = self._given[f"zeros {len(digits)}"]
            return given.setdefault(digits, padded_number(len(given), len(digits)))
        given = self._given[f"digits {len(rest)}"]
        return zeros + given.setdefault(rest, number_of(len(given), len(rest)))


@lru_cache(maxsize=100_000)
def kind_of(text: str, name: str = "") -> str:  # noqa: PLR0911, C901 - one line for each kind
    """Return what a text is; empty if it is nothing but words."""
    if not text or is_documented_value(text, name):
        return "kept"
    if text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER:
        return "epoch" if is_epoch(int(text), in_seconds=name in timestamp_names()) else ""
    if name in FORMATS and _FORMAT.fullmatch(text):
        return "kept"
    if text in zone_names():
        return "zone"
    if name in ERROR_TEXTS and phrase_in(text):
        return "phrase"
    if shifted_text(text, _NO_SHIFT) is not None:
        return "timestamp"
    if _AGO.fullmatch(text):
        return "ago"
    if text[0] in "{[" and is_json(text):
        return "JSON"
    if _ADDRESS.fullmatch(text):
        return "address"
    if _LINK.fullmatch(text):
        return "link"
    return "markup" if _MARKUP.search(text) else ""


def phrase_in(text: str) -> str:
    """Return what of an error's text the tap understands; empty if nothing."""
    return next((phrase for phrase in PHRASES if phrase.lower() in text.lower()), "")


def is_json(text: str) -> bool:
    """Return whether a text is an object or an array in JSON."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict | list) and not is_too_deep(value)


def is_too_deep(value: Any) -> bool:
    """Return whether a value has more levels of arrays and objects than any answer should."""
    level, depth = [value], 0
    while level and depth <= DEEPEST:
        level = [
            held
            for one in level
            if isinstance(one, dict | list)
            for held in (one.values() if isinstance(one, dict) else one)
        ]
        depth += 1
    return depth > DEEPEST


def humps(word: str) -> Iterator[str]:
    """Split a word such as ``sentAt`` before each capital behind a small letter, in ASCII alone."""
    if not word.isascii():
        yield word
        return
    start = 0
    for place, (before, character) in enumerate(pairwise(word), 1):
        if before.islower() and character.isupper():
            yield word[start:place]
            start = place
    yield word[start:]


def script_of(word: str) -> str:
    """Return the script of a text by its first letter outside ASCII; empty if all are inside."""
    foreign = next((sign for sign in word if not sign.isascii() and sign.isalnum()), "")
    script = unicodedata.name(foreign, "").partition(" ")[0] if foreign else ""
    return script if script in ALPHABETS or not foreign else "LATIN"


def class_of(length: int, script: str) -> int:
    """Return the shortest length of a word's class: 1, 2, 4, 8 or 16 letters."""
    shortest = 2 if script else 1
    return max(shortest, min(1 << (length.bit_length() - 1), 16))


def letters(number: int, script: str, length: int) -> str:
    """Return the word of a number, of all words in a script that are of a class."""
    if script:
        alphabet = ALPHABETS[script]
        return _spelled(number, lambda _: alphabet, length)
    if length == 1:
        return _ONE_LETTER[number % len(_ONE_LETTER)]
    return latin_word(number, length)


def latin_word(number: int, length: int) -> str:
    """Return the made-up word of a number, which is as long as its class allows."""
    return _spelled(number, lambda place: VOWELS if place % 2 else CONSONANTS, length)


def mixed_word(number: int, ends: tuple[bool, bool], length: int) -> str:
    """Return a word of letters and digits.

    Args:
        number: Which one.
        ends: Whether it begins, and whether it ends with a digit.
        length: Its length.
    """
    digits = _ANY_DIGIT if length <= _FEW else _DIGITS
    is_digit = [ends[0], *[True] * (length - 2), ends[1]]
    if all(is_digit):
        is_digit[1] = False
    word = ""
    for place in range(length):
        alphabet = digits if is_digit[place] else _BESIDE_DIGITS
        number, index = divmod(number, len(alphabet))
        word += alphabet[index]
    return word


def number_of(number: int, length: int) -> str:
    """Return the digits of a number, of all that are so long; longer ones begin with 3."""
    if length < _FEW:
        first = 10 ** (length - 1)
        return str(first + number % (9 * first))
    return "3" + _spelled(number, lambda _: _DIGITS, length - 1, growth=0)


def padded_number(number: int, length: int) -> str:
    """Return the digits of a number that begins with a zero and has others, none above 3."""
    places = length - 1
    left = 1 + number % (len(_DIGITS) ** places - 1)
    made = ""
    for _ in range(places):
        left, digit = divmod(left, len(_DIGITS))
        made = _DIGITS[digit] + made
    return "0" + made


_DIGITS = "0123"
_ANY_DIGIT = "0123456789"
_FEW = 4
"""So many digits make a run that could be looked for."""

_ONE_LETTER = "zxqvjkwuoiacfghnpt"
"""Letters that are no words of Act-On's documents, as ``s`` and ``d`` are."""

_BESIDE_DIGITS = "zxqjkw"
"""The same beside a digit, as ``v1`` is."""


def _spelled(
    number: int, alphabet_at: Callable[[int], str], length: int, growth: int | None = None
) -> str:
    """Return the word of a number: of a length, or where there are not enough, up to twice that."""
    longest = length + (length - 1 if growth is None else growth)
    while True:
        sizes = [len(alphabet_at(place)) for place in range(length)]
        if number < math.prod(sizes) or length == longest:
            break
        number -= math.prod(sizes)
        length += 1
    word = ""
    for place in range(length):
        number, index = divmod(number, sizes[place])
        word += alphabet_at(place)[index]
    return word


def _signs_kept(others: str) -> str:
    """Return what stands between words: of signs in a row, the first two if they differ."""
    kept = [
        sign
        if _KEPT_OTHERS.fullmatch(sign)
        else (WIDE_SYMBOL if ord(sign) > 0xFFFF else OTHER_SYMBOL)  # noqa: PLR2004 - 16 bits
        for sign in others[:2]
    ]
    return "".join(dict.fromkeys(kept))
