"""Parsing a configuration: each value by its schema, each mistake noted.

What only one setting needs, such as the check of an address, is in ``settings``.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tap_acton.records import values
from tap_acton.records.ids import shown
from tap_acton.settings.schema import SDK_SETTINGS, SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SIMILAR_ENOUGH = 0.8
"""Of two names, since a name that is like no setting may be meant for another program."""

_SIMILAR_VALUE = 0.6
"""Of two values of one setting, of which one must have been meant."""

NOT_SHOWN = frozenset({"username", "api_url", "token_store"})
"""The settings besides the secret ones whose values hold an address, or may hold a password."""


class Configuration:
    """A configuration, and the mistakes found in it so far.

    A method that finds a mistake notes it and returns a stand-in, so that one pass finds all
    mistakes.

    Attributes:
        mistakes: One sentence each.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = config
        self.mistakes: list[str] = []

    def refuse(self, name: str, allowed: str, wrong: Any = None, meant: str = "") -> None:
        """Note that a setting has a wrong value, which is shown unless it may be secret.

        Args:
            name: The setting.
            allowed: What it must be.
            wrong: What is wrong with its value, if that is not all of it.
            meant: What may have been meant, if anything is known.
        """
        value = self.value(name) if wrong is None else wrong
        is_shown = "secret" not in SETTINGS[name] and name not in NOT_SHOWN
        given = f", not {_written(value)}" if is_shown else ""
        end = f"; did you mean {meant}?" if meant else "."
        self.mistakes.append(f"The setting {name} must be {allowed}{given}{end}")

    def value(self, name: str) -> Any:
        """Return what is set, or None."""
        value = self._config.get(name)
        if isinstance(value, str) and "secret" not in SETTINGS[name]:
            value = value.strip()
        return None if value in ("", [], ()) else value

    def text(self, name: str) -> str | None:
        """Return a string; a number counts as one, unless leading zeros may have mattered."""
        value = self.value(name)
        if value is None or isinstance(value, str):
            return value
        if type(value) is int and "secret" not in SETTINGS[name]:
            return str(value)
        self.refuse(name, "a string; in YAML, put it in quotes")
        return None

    def required(self, name: str) -> str:
        """Return a string that must be set."""
        if self.value(name) is None:
            self.mistakes.append(f"The setting {name} is required.")
        return self.text(name) or ""

    def choice(self, name: str) -> str:
        """Return one of the strings that the schema lists, whatever its case."""
        default: str = SETTINGS[name]["default"]
        choices: list[str] = SETTINGS[name]["enum"]
        value = self.value(name)
        if value is None:
            return default
        if isinstance(value, str) and value.lower() in choices:
            return value.lower()
        meant = nearest_value(str(value).lower(), choices)
        self.refuse(name, f"one of {', '.join(choices)}", meant=meant)
        return default

    def integer(self, name: str) -> int:
        """Return a whole number within the limits of the schema."""
        return int(self.number(name))

    def number(self, name: str) -> float:
        """Return a number within the limits of the schema."""
        schema = SETTINGS[name]
        default: float = schema["default"]
        value = self.value(name)
        if value is None:
            return default
        convert = values.integer if schema["type"] == "integer" else values.number
        try:
            found = convert(value)
        except values.Unconvertible:
            found = None
        if found is None or not _is_within(schema, found):
            self.refuse(name, _numbers_allowed(schema))
            return default
        return found

    def boolean(self, name: str) -> bool:
        """Return true or false."""
        default: bool = SETTINGS[name]["default"]
        try:
            found = values.boolean(self.value(name))
        except values.Unconvertible:
            self.refuse(name, "true or false")
            return default
        return default if found is None else found

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of strings, each once, in the order given."""
        schema = SETTINGS[name]
        choices: list[str] = schema["items"].get("enum", [])
        items = [str(item) if type(item) is int else item for item in self._items(name)]
        texts = []
        for item in items:
            text = item.strip() if isinstance(item, str) else ""
            if not text or (choices and text.upper() not in choices):
                allowed = f"a list of {', '.join(choices) or 'strings'}"
                self.refuse(name, allowed, item, nearest_value(text.upper(), choices))
            texts.append(text.upper() if choices else text)
        return tuple(dict.fromkeys(texts))

    def objects(self, name: str) -> list[dict[str, str]]:
        """Return a list of objects with all properties of the schema, as strings."""
        properties: dict[str, dict[str, Any]] = SETTINGS[name]["items"]["properties"]
        found = []
        for item in self._items(name):
            fields = item if isinstance(item, Mapping) else {}
            texts = {
                key: str(fields[key]).strip()
                for key in properties
                if isinstance(fields.get(key), str) or type(fields.get(key)) is int
            }
            found.append(texts)
            for key, schema in properties.items():
                choices = schema.get("enum", [texts.get(key)])
                if not texts.get(key) or texts[key] not in choices:
                    allowed = f"a list of objects with {_fields_allowed(properties)}"
                    meant = nearest_value(texts.get(key, ""), schema.get("enum", ()))
                    self.refuse(name, allowed, item, meant)
                    return []
        return found

    def suspicions(self) -> Iterator[str]:
        """Yield a sentence for every setting that is none, and so has no effect."""
        for name in sorted(self._config.keys() - {*SETTINGS, *SDK_SETTINGS}):
            yield no_effect(f"setting {name}", nearest(name, SETTINGS))

    def _items(self, name: str) -> list[Any]:
        """Return a list; as a string it is a JSON array or separated by commas."""
        value = self.value(name)
        if value is None:
            return list(SETTINGS[name]["default"])
        if isinstance(value, str):
            try:
                parsed = json.loads(value)
            except ValueError:
                parsed = None
            # A pattern such as [ab]* looks like an array, and an ID like a number.
            if not isinstance(parsed, list):
                return [part for part in value.split(",") if part.strip()]
            value = parsed
        return list(value) if isinstance(value, list | tuple) else [value]


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the known name that is most like a name; empty if none is."""
    return next(iter(difflib.get_close_matches(name, known, n=1, cutoff=_SIMILAR_ENOUGH)), "")


def nearest_value(value: str, known: Iterable[str]) -> str:
    """Return the value of a setting that is most like a wrong one; empty if none is."""
    return next(iter(difflib.get_close_matches(value, known, n=1, cutoff=_SIMILAR_VALUE)), "")


def no_effect(what: str, meant: str) -> str:
    """Say that something is not read, and what may have been meant."""
    return f"The {what} is unknown and has no effect{f'; did you mean {meant}?' if meant else '.'}"


def _written(value: Any) -> str:
    """Return a value as a configuration has it, without addresses, and not all of a long one."""
    return shown(json.dumps(value, ensure_ascii=False, default=repr))


def _is_within(schema: Mapping[str, Any], value: float) -> bool:
    """Return whether a number is within the limits of a schema."""
    lowest: float = schema.get("minimum", value)
    highest: float = schema.get("maximum", value)
    return lowest <= value <= highest and value > schema.get("exclusiveMinimum", -math.inf)


def _numbers_allowed(schema: Mapping[str, Any]) -> str:
    """Return in words what numbers a schema allows."""
    if "exclusiveMinimum" in schema:
        return f"a number greater than {schema['exclusiveMinimum']}"
    if "maximum" in schema:
        return f"a whole number from {schema['minimum']} to {schema['maximum']}"
    return f"a whole number of at least {schema['minimum']}"


def _fields_allowed(properties: Mapping[str, Mapping[str, Any]]) -> str:
    """Return in words what fields an object needs."""
    return " and ".join(
        f"{name} (one of {', '.join(schema['enum'])})" if "enum" in schema else name
        for name, schema in properties.items()
    )
