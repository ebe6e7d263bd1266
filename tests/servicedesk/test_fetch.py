"""The mailbox: stored before it is told, twice is once, what is too large is not loaded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import pytest
from django.core.exceptions import ImproperlyConfigured

from servicedesk.mail import fetch
from servicedesk.mail.reading import LARGEST
from servicedesk.models import InboundMail
from tests.cases import RegionCase
from tests.servicedesk.test_mail import letter


@dataclass
class Box:
    """A mailbox as imap-tools shows it: raw mails by uid."""

    mails: dict[str, bytes]
    sizes: dict[str, int] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    loaded: list[tuple[str, bool]] = field(default_factory=list)

    def fetch(self, criteria: Any, *, headers_only: bool = False, **_more: Any) -> Iterator[Any]:
        wanted = str(criteria)
        uids = [uid for uid in self.mails if f"UID {uid})" in wanted] or [
            uid for uid in self.mails if uid not in self.seen
        ]
        for uid in uids:
            if "UID" in wanted:
                self.loaded.append((uid, headers_only))
            raw = self.mails[uid].split(b"\n\n")[0] + b"\n\n" if headers_only else self.mails[uid]
            size = self.sizes.get(uid, len(self.mails[uid]))
            yield fetch.RawMessage([(f"1 (UID {uid} RFC822.SIZE {size} BODY[] {{9}}".encode(), raw)])

    def flag(self, uid: str, _flag: str, _value: bool) -> None:
        self.seen.add(uid)

    @contextmanager
    def opened(self, _url: str) -> Iterator[Box]:
        yield self


class TestFetch(RegionCase):
    def take(self, box: Box) -> int:
        with mock.patch.object(fetch, "_open", box.opened):
            return fetch.fetch("imaps://x")

    def test_the_bytes_are_kept_as_they_came(self) -> None:
        raw = letter("own@example.no") + b"\xff\xfe odd \x80"
        box = Box({"7": raw})
        assert self.take(box) == 1
        assert bytes(InboundMail.objects.get().raw) == raw
        assert box.seen == {"7"}

    def test_a_mail_is_not_marked_before_it_is_stored(self) -> None:
        box = Box({"1": letter("own@example.no")})
        with (
            mock.patch("servicedesk.mail.storing.store", side_effect=RuntimeError),
            pytest.raises(RuntimeError),
        ):
            self.take(box)
        assert box.seen == set()
        assert self.take(box) == 1

    def test_killed_between_storing_and_marking(self) -> None:
        box = Box({"1": letter("own@example.no")})
        with mock.patch.object(Box, "flag", side_effect=RuntimeError), pytest.raises(RuntimeError):
            self.take(box)
        assert self.take(box) == 0
        assert InboundMail.objects.count() == 1

    def test_of_what_is_too_large_only_the_head_is_taken(self) -> None:
        box = Box({"1": letter("own@example.no", "Stor")}, sizes={"1": LARGEST + 1})
        assert self.take(box) == 1
        assert box.loaded == [("1", True)]
        assert b"Stor" in bytes(InboundMail.objects.get().raw)

    def test_an_address_that_is_none_is_refused_without_repeating_it(self) -> None:
        for url in ("http://user:secret@host/", "imaps://host/", "imaps://"):
            with pytest.raises(ImproperlyConfigured) as caught:
                fetch._open(url)
            assert "secret" not in str(caught.value)
