"""Search: Norwegian stems, beginnings, references; never what is foreign; hostile words do no harm."""

from __future__ import annotations

import pytest

from servicedesk.actions.open_ticket import open_ticket
from servicedesk.actors import Actor
from servicedesk.models import Ticket
from servicedesk.search import condition, search
from tests.cases import RegionCase


class TestSearch(RegionCase):
    def setUp(self) -> None:
        self.a = open_ticket(
            Actor.of(self.r.own), title="Skriveren i kjelleren er død", description="Ærfugl og øre"
        )
        self.b = open_ticket(Actor.of(self.r.own), title="Ingen e-post", description="Skriveren tier også")
        self.c = open_ticket(Actor.of(self.r.stranger), title="Skriver hos naboen")

    def found(self, text: str, account: str = "own") -> list[str]:
        return [t.reference for t in search(getattr(self.r, account), text)]

    def test_stems_and_rank(self) -> None:
        assert self.found("skrivere") == [self.a.reference, self.b.reference]

    def test_only_what_one_may_see(self) -> None:
        assert self.found("skriver", "stranger") == [self.c.reference]
        assert len(self.found("skriver", "technician")) == 3
        assert self.found("skriver", "colleague") == []
        assert self.found(self.a.reference, "stranger") == []

    def test_by_reference_in_any_spelling(self) -> None:
        for text in ("INC-00001", "inc-1", "INC1", " inc00001 "):
            assert self.found(text) == [self.a.reference]

    def test_a_beginning_will_do(self) -> None:
        assert self.found("kjell") == [self.a.reference]
        assert self.found("INC-0000") == [self.b.reference, self.a.reference]

    def test_norwegian_letters(self) -> None:
        assert self.found("ærfugl") == [self.a.reference]
        assert self.found("ÆRFUGL") == [self.a.reference]

    def test_nothing_typed_finds_nothing_but_narrows_no_list(self) -> None:
        assert self.found("  ") == []
        assert Ticket.objects.filter(condition("")).count() == 3


@pytest.mark.django_db
@pytest.mark.parametrize(
    "text",
    [
        "'",
        '"',
        "\\",
        "a & b | !",
        ":*",
        "((",
        "-",
        "--",
        "\x00",
        "a" * 5000,
        "or or",
        "'; drop",
        "-'-",
        "<->",
        "*",
    ],
)
def test_hostile_words_do_no_harm(text: str) -> None:
    list(Ticket.objects.filter(condition(text)))
