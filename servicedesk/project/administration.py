"""The addresses below /admin/, with what every app registers there."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin

admin.autodiscover()
# Django's own form would ask neither for the second factor nor after how many wrong passwords it is enough.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
urlpatterns = admin.site.get_urls()
