"""Narrowed choices, limits and search fields of forms and filters."""

from typing import Any, ClassVar

import pytest
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.http import QueryDict
from django.test import RequestFactory, override_settings
from django.test.utils import CaptureQueriesContext

from cmdb.common.fields import PickField
from cmdb.common.forms import ScopedForm, ScopedModelForm, fingerprint
from cmdb.common.scope import narrow
from cmdb.models import CIClass, Item, Organisation, Team, User
from servicedesk.models import Receipt
from tests.cases import RegionCase
from tests.common.declared import ItemFilter, ItemForm


class Wish(ScopedForm):
    """A plain form with every kind of field."""

    who = forms.ModelChoiceField(User.objects.all(), required=False)
    unruled = forms.ModelChoiceField(Receipt.objects.all(), required=False)
    text = forms.CharField(required=False, widget=forms.Textarea)
    short = forms.CharField(required=False, max_length=5)
    day = forms.DateField(required=False)
    at = forms.DateTimeField(required=False)


@override_settings(ROOT_URLCONF="tests.common.declared")
class TestScope(RegionCase):
    """Whose rows are offered."""

    def test_choices_are_narrowed_and_fail_closed(self) -> None:
        Receipt.objects.create(key="k")
        for account in ("own", "stranger", "technician"):
            user = getattr(self.r, account)
            form: Any = Wish({"who": str(self.r.stranger.pk)}, user=user)
            visible = set(User.objects.visible_to(user))
            assert set(form.fields["who"].queryset) == visible
            assert form.is_valid() == (self.r.stranger in visible), account
            assert form.fields["unruled"].queryset.count() == 0

    def test_nobody_and_the_switched_off_are_offered_nothing(self) -> None:
        off = self.fresh("technician")
        off.is_active = False
        for user in (None, AnonymousUser(), off):
            assert narrow(Item.objects.all(), user).count() == 0
            empty: Any = Wish(user=user)
            assert empty.fields["who"].queryset.count() == 0
            assert Item.objects.visible_to(user).count() == 0
            assert Organisation.objects.visible_to(user).count() == 0

    def test_keeping_what_is_held_takes_nothing_away(self) -> None:
        """Classes are everybody's: their rule is the empty condition, which OR would turn into "only these"."""
        everything = set(CIClass.objects.all())
        held = [self.r.server.item_class_id]
        assert set(narrow(CIClass.objects.all(), self.r.technician, held)) == everything
        form: Any = ItemForm(instance=self.r.server, user=self.r.technician)
        assert set(form.fields["item_class"].queryset) == everything

    def test_text_has_a_limit_and_says_so(self) -> None:
        form = Wish({"text": "x" * 20_001, "short": "123456"}, user=self.r.own)
        assert set(form.errors) == {"text", "short"}
        assert "maxlength" not in str(form["text"])
        assert Wish({"text": "x" * 20_000}, user=self.r.own).is_valid()

    def test_dates_are_iso_whatever_the_language(self) -> None:
        form = Wish({"day": "2026-12-24", "at": "2026-12-24T12:30"}, user=self.r.own)
        assert form.is_valid(), form.errors
        assert 'type="date"' in str(form["day"])
        assert 'value="2026-12-24"' in str(form["day"])
        assert 'type="datetime-local"' in str(form["at"])

    def test_the_fingerprint_is_of_the_fields_alone(self) -> None:
        before = fingerprint(self.r.server, ("name", "serial"))
        self.r.server.notes = "x"
        assert fingerprint(self.r.server, ("name", "serial")) == before
        self.r.server.serial = "x"
        assert fingerprint(self.r.server, ("name", "serial")) != before

    def test_only_one_row_can_be_picked(self) -> None:
        class Many(ScopedForm):
            pick = {"who": "try:person_pick"}
            who = forms.ModelMultipleChoiceField(User.objects.all())

        with pytest.raises(TypeError, match="one row"):
            Many(user=self.r.own)


@override_settings(ROOT_URLCONF="tests.common.declared")
class TestPick(RegionCase):
    """Search fields instead of lists."""

    def test_only_the_chosen_row_is_in_the_page(self) -> None:
        form = ItemForm(instance=self.r.system, user=self.r.technician)
        assert isinstance(form.fields["owner"], PickField)
        html = str(form["owner"])
        assert html.count("<option") == 2
        assert f'<option value="{self.r.owner.pk}" selected>Anne Lie</option>' in html
        assert 'data-options="/try/people/pick/"' in html

    def test_an_invisible_row_is_neither_named_nor_taken(self) -> None:
        User.objects.filter(pk=self.r.stranger.pk).update(display_name="Secret Name")
        form: Any = ItemForm({"owner": str(self.r.stranger.pk)}, user=self.r.keyuser)
        assert "owner" in form.errors
        assert "Secret" not in str(form["owner"])

    def test_hostile_values(self) -> None:
        for value in ("x", "9" * 40, '"><script>', "-1", "1.5", "\x00"):
            form = ItemForm({"owner": value}, user=self.r.technician)
            assert "owner" in form.errors, value
            assert "<script" not in str(form["owner"])

    def test_names_are_escaped(self) -> None:
        User.objects.filter(pk=self.r.owner.pk).update(display_name="<b>\"'")
        assert "<b>" not in str(ItemForm(instance=self.r.system, user=self.r.technician)["owner"])

    def test_no_statement_for_an_empty_search_field(self) -> None:
        form = ItemForm(user=self.r.technician)
        with CaptureQueriesContext(connection) as seen:
            str(form["owner"])
        assert len(seen) == 0


@override_settings(ROOT_URLCONF="tests.common.declared")
class TestBar(RegionCase):
    """The filter row drawn in one pass."""

    def bar(self, query: str) -> str:
        """HTML of the fields."""
        request = RequestFactory().get("/")
        request.user = self.r.technician
        return str(ItemFilter(QueryDict(query), Item.objects.all(), request=request).bar)

    def test_values_come_back_and_are_escaped(self) -> None:
        owner = self.r.owner.pk
        html = self.bar(f'q="><script>&since=x&kinds=server&owner={owner}&sort=-name&evil="><script>')
        assert "<script" not in html
        assert '<option value="server" selected>' in html
        assert " multiple>" in html
        assert "Anne Lie" in html
        assert 'id="f-since-error"' in html
        assert 'name="sort" value="-name"' in html
        assert 'name="after"' not in self.bar("after=x&page=2")

    def test_every_field_has_its_label(self) -> None:
        html = self.bar("")
        for name in ItemFilter.base_filters:
            assert f'for="f-{name}"' in html
            assert f'id="f-{name}"' in html

    def test_without_search_fields_there_is_no_search(self) -> None:
        class Plain(ItemFilter):
            search_fields: ClassVar[tuple[str, ...]] = ()

        request = RequestFactory().get("/?q=x")
        request.user = self.r.technician
        filterset = Plain(request.GET, Item.objects.all(), request=request)
        assert "q" not in filterset.form.fields
        assert filterset.qs.count() == Item.objects.count()


class TestTypes:
    """Slips that are found when the class is used."""

    def test_a_form_without_a_user_is_refused(self) -> None:
        with pytest.raises(TypeError):
            type("F", (ScopedModelForm,), {"Meta": type("Meta", (), {"model": Item, "fields": ("name",)})})()


class TeamForm(ScopedModelForm):
    """A choice of several rows."""

    class Meta:
        model = Team
        fields = ("name", "members")


class TestSeveral(RegionCase):
    """Rows that one may not see are neither named nor taken away."""

    def test_unseen_rows_stay(self) -> None:
        self.r.technician.memberships.update(organisation=self.r.here)
        person = self.fresh("technician")
        self.r.desk.members.set([self.r.stranger, self.r.own])
        form: Any = TeamForm(instance=self.r.desk, user=person)
        assert self.r.stranger not in form.fields["members"].queryset
        assert "Siri Strand" not in str(form)
        data = {"name": "Desk", "members": [str(self.r.colleague.pk)]}
        form = TeamForm(data, instance=self.r.desk, user=person)
        assert form.is_valid(), form.errors
        form.save()
        assert set(self.r.desk.members.all()) == {self.r.stranger, self.r.colleague}
