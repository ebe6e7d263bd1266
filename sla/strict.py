"""Strict reading of JSON from outside: every refusal is one sentence that begins with the place ("events[2].at: …").

Pure Python, no Django. json itself lets NaN, doubled keys and true for 1 pass; here nothing is guessed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from datetime import UTC, date, datetime
from typing import Any, NoReturn

Span = tuple[datetime, datetime]
_YEARS = range(1970, 2200)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class SpecError(ValueError):
    """Input that is refused: one sentence that begins with the place, if there is one."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}" if place else reason)
        self.place = place
        self.reason = reason


def read_json(text: str) -> Any:
    """JSON text as Python values; refuses NaN, Infinity, doubled keys and endless nesting, which json would let pass."""
    try:
        return json.loads(text, object_pairs_hook=_no_doubles, parse_constant=_no_constant)
    except SpecError:
        raise
    except json.JSONDecodeError as error:
        reason = f"is not JSON: {error.msg} at line {error.lineno} column {error.colno}"
        raise SpecError("input", reason) from error
    except RecursionError as error:
        raise SpecError("input", "is nested too deeply") from error
    except ValueError as error:  # an integer of thousands of digits
        raise SpecError("input", "holds a number that is too long") from error


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise SpecError("input", f"has the key {show(key)} twice in one object")
        found[key] = value
    return found


def _no_constant(name: str) -> NoReturn:
    raise SpecError("input", f"is not JSON: {name} is no number")


def as_span(value: Any, place: str) -> Span:
    """A list of two instants, the second later."""
    first, second = as_pair(value, place)
    begin, end = as_instant(first, f"{place}[0]"), as_instant(second, f"{place}[1]")
    if begin >= end:
        raise SpecError(place, "must end after it begins")
    return begin, end


def as_instant(value: Any, place: str) -> datetime:
    """An ISO 8601 instant with an offset, as UTC; years 1970 to 2199."""
    text = as_text(value, place)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise SpecError(place, f"{show(text)} is not an ISO 8601 instant") from error
    if moment.tzinfo is None:
        raise SpecError(place, f"{show(text)} has no offset from UTC")
    if moment.year not in _YEARS:
        raise SpecError(place, f"{show(text)} lies outside the years {_YEARS[0]} to {_YEARS[-1]}")
    return moment.astimezone(UTC)


def as_date(text: str, place: str) -> date:
    """A key that is a date as YYYY-MM-DD."""
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise SpecError(join(place, text), "is not a date as YYYY-MM-DD")


def as_object(
    value: Any, place: str, required: Collection[str] = (), optional: Collection[str] | None = None
) -> dict[str, Any]:
    """A JSON object. With `required` or `optional` given its keys are exactly those; else any."""
    if not isinstance(value, dict):
        raise SpecError(place, f"must be an object, not {show(value)}")
    for key in required:
        if key not in value:
            raise SpecError(join(place, key), "is missing")
    if required or optional is not None:
        known = (*required, *(optional or ()))
        for key in value:
            if key not in known:
                raise SpecError(join(place, key), f"unknown key, known here: {', '.join(known)}")
    return value


def as_list(value: Any, place: str) -> list[Any]:
    """A JSON list."""
    if not isinstance(value, list):
        raise SpecError(place, f"must be a list, not {show(value)}")
    return value


def as_pair(value: Any, place: str) -> tuple[Any, Any]:
    """A JSON list of two."""
    if not isinstance(value, list) or len(value) != 2:
        raise SpecError(place, f"must be a list of two, not {show(value)}")
    return value[0], value[1]


def as_text(value: Any, place: str) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value:
        raise SpecError(place, f"must be a text, not {show(value)}")
    return value


def as_whole(value: Any, place: str, least: int, most: int) -> int:
    """A whole number from least to most; 1.0 and true are none."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise SpecError(place, f"must be a whole number, not {show(value)}")
    if not least <= value <= most:
        raise SpecError(place, f"must be from {least} to {most}, not {show(value)}")
    return value


def join(place: str, key: str) -> str:
    """The path of a key below a place; odd keys are quoted."""
    if not re.fullmatch(r"[\w\[\].-]+", key, re.ASCII):
        return f"{place}[{show(key)}]"
    return f"{place}.{key}" if place else key


def show(value: Any) -> str:
    """A value as short ASCII JSON, safe to print whatever came in."""
    text = json.dumps(value).replace("\x7f", "\\u007f")  # the one control character that json leaves as it is
    return text if len(text) <= 60 else text[:57] + "..."
