"""How allauth behaves here: nobody signs up, second factors are encrypted, foreign sign-ins join known people."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.conf import settings
from django.http import HttpRequest

from cmdb.common import secrets


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by administrators and the directory."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False


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

    def encrypt(self, text: str) -> str:
        """The text as a token that only SAMDRIFT_ENCRYPTION_KEYS open."""
        return secrets.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        """The counterpart."""
        return str(secrets.decrypt(encrypted_text))
