"""People, the teams they work in and the roles they hold in an organisation."""

from __future__ import annotations

import hashlib
import secrets
from functools import cached_property
from typing import ClassVar

import pgtrigger
from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cmdb.access import Access
from cmdb.common.archive import ARCHIVED, Archivable
from cmdb.common.history import tracked, tracked_but
from cmdb.common.models import Timestamped, sort_key_field
from cmdb.common.querysets import VisibleManager, VisibleQuerySet
from cmdb.models.organisations import Language, Organisation


class Role(models.TextChoices):
    REPORTER = "reporter", _("Reporter")
    KEYUSER = "keyuser", _("Superuser")
    OWNER = "owner", _("System owner")
    TECHNICIAN = "technician", _("Technician")
    LEAD = "lead", _("Team lead")
    CHANGEMANAGER = "changemanager", _("Change manager")
    ONCALL = "oncall", _("On call")
    SUPPLIER = "supplier", _("Supplier")
    COMMISSIONER = "commissioner", _("Commissioning committee")
    BOARD = "board", _("Board member")
    ADMIN = "admin", _("Administrator")


class ColorScheme(models.TextChoices):
    AUTO = "auto", _("As the device")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


class PeopleManager(UserManager.from_queryset(VisibleQuerySet)):  # type: ignore[misc]
    """Django's user manager whose lists can be narrowed to what a person may see."""


@tracked_but("password", "last_login", "session_stamp", "color_scheme")
class User(Archivable, AbstractUser):
    """A person; what the person may do follows from memberships, never from Django's staff flag alone."""

    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="people",
        verbose_name=_("organisation"),
    )
    display_name = models.CharField(_("name"), max_length=150, blank=True)
    title = models.CharField(_("job title"), max_length=100, blank=True)
    phone = models.CharField(_("phone"), max_length=30, blank=True)
    language = models.CharField(_("language"), max_length=5, choices=Language, blank=True)
    color_scheme = models.CharField(_("colours"), max_length=5, choices=ColorScheme, default=ColorScheme.AUTO)
    sort_name = sort_key_field("display_name")
    # Grows when the account is switched off (by the database, whoever does it); sessions of before never hold again.
    session_stamp = models.PositiveIntegerField(default=0, editable=False)

    objects: ClassVar[PeopleManager] = PeopleManager()

    # Roles and the means of signing in are nothing without the person.
    parts = frozenset({"memberships", "emailaddress", "authenticator", "socialaccount"})
    outlived_by = frozenset({"owned_items", "managed_items", "used_items", "improvements"})
    consequence = _(
        "The person cannot sign in any more. What they own stays in their name until it is given to others."
    )

    class Meta(AbstractUser.Meta):
        verbose_name = _("person")  # type: ignore[assignment]
        verbose_name_plural = _("people")  # type: ignore[assignment]
        constraints = [
            models.CheckConstraint(
                condition=Q(archived_at=None) | Q(is_active=False),
                name="user_archived_is_inactive",
                violation_error_message=ARCHIVED,
            ),
            models.UniqueConstraint(
                Lower("email"),
                condition=~Q(email=""),
                name="user_email_once",
                violation_error_message=_("Somebody else has this address already."),
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="switched_off",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                # The stamp is the database's alone: an object that was read before writes its old one back.
                func="""
                    new.session_stamp := old.session_stamp;
                    if old.is_active and not new.is_active then
                        new.session_stamp := old.session_stamp + 1;
                        update cmdb_apitoken set revoked_at = now() where user_id = old.id and revoked_at is null;
                    end if;
                    return new;
                """,
            ),
            pgtrigger.Trigger(
                name="moved",
                operation=pgtrigger.UpdateOf("email"),
                when=pgtrigger.After,
                # allauth's copy of an earlier address would still get reset letters, and the provider of an
                # earlier domain would still sign the person in.
                func="""
                    if lower(old.email) <> lower(new.email) then
                        delete from account_emailconfirmation where email_address_id in (
                            select id from account_emailaddress where user_id = new.id and lower(email) <> lower(new.email)
                        );
                        delete from account_emailaddress where user_id = new.id and lower(email) <> lower(new.email);
                    end if;
                    if old.email <> '' and lower(split_part(old.email, '@', 2)) <> lower(split_part(new.email, '@', 2)) then
                        delete from socialaccount_socialtoken where account_id in (
                            select id from socialaccount_socialaccount where user_id = new.id
                        );
                        delete from socialaccount_socialaccount where user_id = new.id;
                    end if;
                    return null;
                """,
            ),
        ]

    def save(self, *args: object, **kwargs: object) -> None:
        if not self.display_name:
            self.display_name = self.get_full_name() or self.username
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    def __str__(self) -> str:
        return self.display_name or self.username

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Django's own, until the account was switched off once: what was signed in before that stays signed out."""
        known: str = super()._get_session_auth_hash(secret)  # type: ignore[misc]
        if not self.session_stamp:
            return known
        return salted_hmac("cmdb.User.session_stamp", f"{known}{self.session_stamp}", secret).hexdigest()

    def held_because(self) -> list[str]:
        return [gettext("The person has signed in.")] if self.last_login else []

    def on_archive(self) -> None:
        self.is_active = False

    def on_restore(self) -> None:
        self.is_active = True

    @cached_property
    def access(self) -> Access:
        """What this person's roles open; read once per object, so once per request."""
        return Access(self)

    @property
    def initials(self) -> str:
        words = str(self).split()
        return "".join(w[0] for w in (words[:1] + words[-1:] if len(words) > 1 else words)).upper()

    @classmethod
    def visible_q(cls, user: User) -> Q:
        """Oneself, everybody of the organisations one works for, and those who work for one's own."""
        access = user.access
        return Q(pk=user.pk) | Q(organisation__in=access.reach_orgs)


@tracked
class Membership(Timestamped):
    """A role held in an organisation and everything under it."""

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships", verbose_name=_("person"))
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="memberships", verbose_name=_("organisation")
    )
    role = models.CharField(_("role"), max_length=20, choices=Role)

    objects = VisibleManager()

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "organisation", "role"],
                name="membership_once",
                violation_error_message=_("This person holds this role here already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()} · {self.organisation}"

    @classmethod
    def visible_q(cls, user: User) -> Q:
        return Q(user=user) | Q(organisation__in=user.access.orgs(Role.ADMIN, Role.LEAD))


@tracked
class Team(Archivable, Timestamped):
    """People who share a queue."""

    name = models.CharField(_("name"), max_length=80)
    slug = models.SlugField(_("short name"), max_length=60, unique=True)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="teams", verbose_name=_("organisation")
    )
    members: models.ManyToManyField[User, models.Model] = models.ManyToManyField(
        User, related_name="teams", blank=True, verbose_name=_("members")
    )
    email = models.EmailField(_("e-mail"), blank=True)
    sort_name = sort_key_field("name")

    objects = VisibleManager()

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        ordering = ["sort_name", "pk"]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def visible_q(cls, user: User) -> Q:
        return Q(organisation__in=user.access.reach_orgs)


class ApiToken(Timestamped):
    """A bearer token (RFC 6750); only its SHA-256 is kept, so the table opens nothing."""

    user = models.ForeignKey(User, models.CASCADE, related_name="api_tokens")
    digest = models.CharField(max_length=64, unique=True)
    label = models.CharField(_("label"), max_length=80, blank=True)
    expires_at = models.DateTimeField(_("valid until"), null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return f"{self.user}: {self.label or self.pk}"

    @staticmethod
    def digest_of(token: str) -> str:
        return hashlib.sha256(token.encode()).hexdigest()

    @classmethod
    def issue(cls, user: User, label: str = "") -> str:
        """Make a token for `user` and return it; it can not be read again."""
        token = secrets.token_urlsafe(32)
        cls.objects.create(user=user, digest=cls.digest_of(token), label=label)
        return token

    @classmethod
    def user_of(cls, token: str) -> User | None:
        """The active person whom a valid token stands for, else None."""
        now = timezone.now()
        row = (
            cls.objects.select_related("user")
            .filter(digest=cls.digest_of(token), revoked_at=None, user__is_active=True)
            .filter(Q(expires_at=None) | Q(expires_at__gt=now))
            .first()
        )
        return row.user if row else None
