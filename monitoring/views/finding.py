"""Finding devices and their places: search a network, take over suggested parents."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from cmdb.common.forms import ScopedForm
from cmdb.models import Organisation
from monitoring import discovery, topology
from monitoring.access import KEEPERS, WRITERS, for_readers
from monitoring.asking import load_credentials
from monitoring.models import Credential, CredentialKind, Target

PAGE_ADDRESSES = 256
"""A page waits for the answer: larger networks are searched by `manage.py discover`."""


class DiscoverForm(ScopedForm):
    """What to search, with what, and whose the new targets are."""

    network = forms.CharField(
        label=gettext_lazy("Network"), max_length=60, help_text=gettext_lazy("For instance 10.20.0.0/24; at most 256 addresses here.")
    )  # fmt: skip
    credential = forms.ModelChoiceField(
        Credential.objects.exclude(kind=CredentialKind.SSH).defer("secret"), label=gettext_lazy("Credential")
    )
    organisation = forms.ModelChoiceField(Organisation.objects.all(), label=gettext_lazy("Organisation"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        organisations = self.fields["organisation"]
        assert isinstance(organisations, forms.ModelChoiceField)
        assert organisations.queryset is not None
        credentials = self.fields["credential"]
        assert isinstance(credentials, forms.ModelChoiceField)
        assert credentials.queryset is not None
        mine = self.user.access.orgs(*KEEPERS)
        credentials.queryset = credentials.queryset.filter(organisation__in=mine, archived_at=None)
        organisations.queryset = organisations.queryset.filter(pk__in=mine)

    def clean_network(self) -> str:
        network = str(self.cleaned_data["network"])
        try:
            count = len(discovery.addresses(network))
        except discovery.DiscoveryError as error:
            raise forms.ValidationError(str(error)) from None
        if count > PAGE_ADDRESSES:
            raise forms.ValidationError(_("At most 256 addresses here; larger ones with: manage.py discover"))
        return network


@for_readers
def discover(request: HttpRequest) -> HttpResponse:
    """Search a network; targets are made of what answers and is not known."""
    user: Any = request.user
    if not user.access.has(*KEEPERS):  # a search sends the credential to every address
        raise PermissionDenied
    form = DiscoverForm(request.POST or None, user=user)
    context: dict[str, Any] = {"form": form, "breadcrumbs": _trail()}
    if request.method == "POST":
        if not form.is_valid():
            return render(request, "monitoring/discover.html", context, status=422)
        chosen = form.cleaned_data["credential"].pk
        try:
            found = discovery.discover(
                form.cleaned_data["network"],
                [load_credentials([chosen])[chosen]],
                organisation=form.cleaned_data["organisation"],
            )
        except discovery.DiscoveryError as error:
            form.add_error("credential", str(error))
            return render(request, "monitoring/discover.html", context, status=422)
        # What belongs to others is not named: neither its item nor its target.
        mine = user.access.orgs(*WRITERS)
        found = [one for one in found if one.target is None or one.target.organisation_id in mine]
        found = [one if one.item is None or one.item.organisation_id in mine else _bare(one) for one in found]
        made = discovery.make_targets(found, form.cleaned_data["organisation"])
        by_address = {(t.address, t.port): t for t in made}
        context["found"] = [
            (one, one.target or by_address.get((one.address, one.port)), one.target is None) for one in found
        ]
        context["summary"] = discovery.summary(found, made)
    return render(request, "monitoring/discover.html", context)


def _bare(one: discovery.Found) -> discovery.Found:
    return discovery.Found(one.address, one.port, one.credential, one.identity, one.target, None)


def _trail() -> list[tuple[str, str]]:
    return [(_("Targets"), reverse("monitoring:target_list"))]


@for_readers
def suggestions(request: HttpRequest) -> HttpResponse:
    """Parents that the register or the devices' neighbours suggest; those that are ticked are set."""
    user: Any = request.user
    if not user.access.has(*WRITERS):
        raise PermissionDenied
    mine = Target.objects.visible_to(user).current().filter(organisation__in=user.access.orgs(*WRITERS))
    found = topology.suggest(mine.select_related("item"))
    if request.method == "POST":
        chosen = set(request.POST.getlist("pk"))
        done = topology.apply([s for s in found if str(s.target.pk) in chosen])
        said = ngettext("%(n)s parent is set.", "%(n)s parents are set.", done) % {"n": done}
        messages.success(request, said)
        return HttpResponseRedirect(reverse("monitoring:topology"))
    return render(request, "monitoring/topology.html", {"found": found, "breadcrumbs": _trail()})
