"""How allauth behaves here: nobody signs up, second factors are encrypted, foreign sign-ins join known people."""

from typing import Any, ClassVar, NamedTuple
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from cmdb import secondfactor
from cmdb.common import links, secrets
from servicedesk.project import auditing, guesses


class Site(NamedTuple):
    """What letters call this installation and where it is: SAMDRIFT_URL, whatever address a request named."""

    name: str
    domain: str


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by administrators and the directory."""

    error_messages: ClassVar = DefaultAccountAdapter.error_messages | {
        "too_many_login_attempts": _(
            "Too many sign-in attempts. Wait some minutes, or choose a new password by e-mail: after that you are let in."
        )
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    # --- letters: the address of a request is the sender's to choose, so no link is made from it

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """With the site that the operator named."""
        domain = urlsplit(settings.SAMDRIFT_URL).netloc
        super().send_mail(template_prefix, email, {**context, "current_site": Site("Samdrift", domain)})
        if template_prefix.endswith("password_reset_key"):
            auditing.reset_sent(context["user"])

    def send_password_reset_mail(self, user: Any, email: str, context: dict[str, Any]) -> None:
        """Whoever asks, however often: one mailbox gets some letters, all of them good, and the page says the same."""
        if guesses.may_write_to(user):
            super().send_password_reset_mail(user, email, context)

    def is_safe_url(self, url: str) -> bool:
        """One is sent on to pages of ours alone, not to other names that this machine answers to."""
        return links.stays_here(url)

    # --- wrong passwords: no stranger locks anybody out

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Tries are counted for a person from a network address: whoever guesses elsewhere shuts out himself alone."""
        return f"{guesses.place(self.get_client_ip(request))}:{guesses.whose(credentials)}"

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """A browser that the person used before has limits of its own; all others those of their address, then `guesses.wait`."""
        who = guesses.whose(credentials)
        try:
            if guesses.is_known(request, who):
                if guesses.tried_in(request) >= guesses.KNOWN_MOST:
                    raise self.validation_error("too_many_login_attempts")
                return
            super().pre_authenticate(request, **credentials)
            seconds = guesses.wait(who, self.get_client_ip(request))
            if seconds:
                raise ValidationError(_later(seconds), code="too_many_login_attempts")
        except ValidationError:
            auditing.held(guesses.name_in(credentials))
            raise

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Counted for the person, from wherever, and for the browser."""
        guesses.count(guesses.whose(credentials), self.get_client_ip(request))
        guesses.count_in(request)
        super().authentication_failed(request, **credentials)


def _later(seconds: int) -> str:
    said = ngettext(
        "Many wrong passwords are coming for this name. Try again in %(seconds)s second, or choose a new password by e-mail: after that you are let in.",
        "Many wrong passwords are coming for this name. Try again in %(seconds)s seconds, or choose a new password by e-mail: after that you are let in.",
        seconds,
    )
    return said % {"seconds": seconds}


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Municipalities' identity providers (`SAMDRIFT_OIDC`): they say who somebody is, the register says what he may do."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Never: a person whom the register does not know is told so."""
        return False

    def can_authenticate_by_email(self, login: SocialLogin, email: str) -> bool:
        """A provider speaks for the domains in its setting `email_domains`; only a single one may leave them out.

        Else one municipality's provider could name an address of another's, and sign in as that person.
        """
        if not super().can_authenticate_by_email(login, email):
            return False
        app = login.provider.app
        domains = app.settings.get("email_domains") if app is not None else None
        if domains is None:
            return len(settings.OIDC) < 2
        return email.rpartition("@")[2].lower() in {str(domain).lower() for domain in domains}


class MFAAdapter(DefaultMFAAdapter):
    """Keys of one-time codes lie encrypted in the database."""

    def _get_site_name(self) -> str:
        """What an authenticator shows, whatever the request called us."""
        return "Samdrift"

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """The last factor stays while a role of its person needs one."""
        user: Any = authenticator.user
        if authenticator.type not in secondfactor.FACTORS or not secondfactor.is_required(user):
            return True
        others = Authenticator.objects.filter(user=user, type__in=secondfactor.FACTORS)
        return bool(others.exclude(pk=authenticator.pk).exists())

    def encrypt(self, text: str) -> str:
        """The text as a token that only SAMDRIFT_ENCRYPTION_KEYS open."""
        return secrets.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        """The counterpart."""
        return str(secrets.decrypt(encrypted_text))
