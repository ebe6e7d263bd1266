"""A target's host key on its page: what is said in each state, and who decides."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cmdb.models import AuditEntry, AuditKind, Membership, Role, User
from monitoring.hostkeys import known
from monitoring.hostkeys.keys import Key
from monitoring.models import Credential, CredentialKind, HostKey, Target
from tests.cases import RegionCase

OLD, NEW, THIRD = (Key.of("ssh-ed25519", f"blob {n}".encode()) for n in range(3))


class TestHostKeyPages(RegionCase):
    def setUp(self) -> None:
        super().setUp()
        login = Credential.objects.create(
            name="login", kind=CredentialKind.SSH, organisation=self.r.here, secret={"username": "u"}
        )
        Target.objects.filter(pk=self.r.switch_target.pk).update(ssh_credential=login)
        self.target = Target.objects.get(pk=self.r.switch_target.pk)

    def saw(self, *keys: Key) -> None:
        for hours, key in enumerate(keys):
            known.record(self.target, key, timezone.now() - timedelta(hours=9 - hours))

    def url(self, verb: str = "") -> str:
        return reverse(f"monitoring:{verb or 'target_detail'}", args=[self.target.pk])

    def page(self, account: str = "technician") -> str:
        answer = self.client_of(account).get(self.url())
        assert answer.status_code == 200
        return answer.content.decode()

    def post(self, account: str, verb: str, **data: str) -> Any:
        return self.client_of(account).post(self.url(f"host_key_{verb}"), data, follow=True)

    def person(self, role: str, where: str) -> Client:
        organisation = getattr(self.r, where)
        person = User.objects.create(username=f"{role}-{where}", organisation=organisation, language="en")
        Membership.objects.create(user=person, role=role, organisation=organisation)
        client = Client()
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        return client

    # --- what is said

    def test_nothing_where_nobody_logs_in(self) -> None:
        Target.objects.update(ssh_credential=None)
        assert "host-key" not in self.page()

    def test_no_key_yet(self) -> None:
        page = self.page("lead")
        assert "No key is known yet: the first one shown is kept." in page
        assert "Forget the key" not in page

    def test_a_known_key(self) -> None:
        self.saw(OLD)
        page = self.page()
        assert all(text in page for text in (OLD.fingerprint, "ssh-ed25519", "Known since"))
        assert not any(text in page for text in ("Accept the new key", "Forget the key", "First shown"))
        assert "Forget the key" in self.page("lead")
        assert "Accept the new key" not in self.page("lead")

    def test_a_changed_key_beside_the_known_one(self) -> None:
        self.saw(OLD, NEW)
        page = self.page()
        assert all(text in page for text in (OLD.fingerprint, NEW.fingerprint, "Known since", "First shown"))
        assert "Who keeps the SSH login of this target decides" in page
        assert not any(text in page for text in ("Accept the new key", "Forget the key"))
        page = self.page("lead")
        assert all(text in page for text in ("Accept the new key", "Forget the key"))
        assert "Who keeps the SSH login" not in page

    def test_a_key_of_another_address_is_not_this_ones(self) -> None:
        self.saw(OLD)
        Target.objects.filter(pk=self.target.pk).update(ssh_port=2222)
        assert "No key is known yet" in self.page()

    def test_it_costs_two_statements_at_most(self) -> None:
        def statements(client: Client) -> int:
            client.get(self.url())
            with CaptureQueriesContext(connection) as context:
                client.get(self.url())
            return len(context)

        Target.objects.update(ssh_credential=None)
        before = statements(self.client_of("lead"))
        Target.objects.filter(pk=self.target.pk).update(ssh_credential=Credential.objects.get())
        self.saw(OLD, NEW)
        assert statements(self.client_of("lead")) - before <= 2

    # --- who decides

    def test_the_new_key_is_accepted_once_and_the_history_names_who(self) -> None:
        self.saw(OLD, NEW)
        assert (
            "The new key is known now."
            in self.post("lead", "accept", offered=NEW.fingerprint).content.decode()
        )
        row = HostKey.objects.get()
        assert (row.known, row.is_changed) == (NEW, False)
        again = self.post("lead", "accept", offered=NEW.fingerprint)
        assert "The new key is known now." in again.content.decode()
        assert HostKey.objects.get().known_since == row.known_since
        history = self.client_of("technician").get(self.url("host_key_history")).content.decode()
        assert all(text in history for text in (str(self.r.lead), OLD.fingerprint, NEW.fingerprint))
        assert NEW.text not in history
        said = AuditEntry.objects.get(kind=AuditKind.HOST_KEY_ACCEPTED)  # once, for both
        assert (said.actor, said.detail) == (self.r.lead, {"fingerprint": NEW.fingerprint})

    def test_a_key_that_was_not_looked_at_is_not_accepted(self) -> None:
        self.saw(OLD, NEW, THIRD)
        for given in (NEW.fingerprint, "", OLD.fingerprint):
            answer = self.post("lead", "accept", offered=given)
            assert "Nothing was changed: other keys are known or shown by now." in answer.content.decode()
        row = HostKey.objects.get()
        assert (row.known, row.offered) == (OLD, THIRD)

    def test_the_key_is_forgotten_if_all_was_looked_at(self) -> None:
        self.saw(OLD, NEW)
        for given in ({"known": OLD.fingerprint}, {"known": NEW.fingerprint, "offered": NEW.fingerprint}, {}):
            assert "Nothing was changed" in self.post("lead", "forget", **given).content.decode()
        right = {"known": OLD.fingerprint, "offered": NEW.fingerprint}
        for _twice in range(2):
            page = self.post("lead", "forget", **right).content.decode()
            assert "the next one shown is kept" in page
            assert "No key is known yet" in page
        row = HostKey.objects.get()
        assert (row.known, row.offered) == (None, None)
        self.saw(THIRD)
        assert HostKey.objects.get().known == THIRD

    def test_a_page_of_before_the_address_changed_decides_nothing(self) -> None:
        self.saw(OLD, NEW)
        Target.objects.filter(pk=self.target.pk).update(ssh_port=2222)
        for verb, given in (("accept", {"offered": NEW.fingerprint}), ("forget", {"known": OLD.fingerprint})):
            assert "Nothing was changed" in self.post("lead", verb, **given).content.decode()
        assert self.client_of("lead").get(self.url("host_key_history")).status_code == 404

    def test_rights(self) -> None:
        self.saw(OLD, NEW)
        given = {"known": OLD.fingerprint, "offered": NEW.fingerprint}
        foreign = self.person(Role.LEAD, "there")
        for verb in ("accept", "forget"):
            url = self.url(f"host_key_{verb}")
            for account in ("technician", "oncall", "changemanager", "own", "board"):
                assert self.client_of(account).post(url, given).status_code == 403, account
            assert foreign.post(url, given).status_code == 404
            assert Client().post(url, given).status_code == 302
            assert self.client_of("lead").get(url).status_code == 405
        assert HostKey.objects.get().is_changed
        history = self.url("host_key_history")
        assert self.client_of("stranger").get(history).status_code == 403
        assert self.person(Role.TECHNICIAN, "there").get(history).status_code == 404

    def test_who_does_not_keep_the_login_does_not_decide(self) -> None:
        """The login is the region's: a municipality's own lead would let the region's password out."""
        self.saw(OLD, NEW)
        lead = self.person(Role.LEAD, "here")
        url, given = self.url("host_key_accept"), {"offered": NEW.fingerprint}
        Credential.objects.update(organisation=self.r.region)
        assert "Accept the new key" not in lead.get(self.url()).content.decode()
        assert lead.post(url, given).status_code == 403
        Credential.objects.update(organisation=self.r.here)
        assert lead.post(url, given).status_code == 302
        assert HostKey.objects.get().known == NEW

    def test_an_archived_target_waits(self) -> None:
        self.saw(OLD, NEW)
        self.target.archive("somebody")
        assert "Accept the new key" not in self.page("lead")
        assert self.post("lead", "accept", offered=NEW.fingerprint).status_code == 403
