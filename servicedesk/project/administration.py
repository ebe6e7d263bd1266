"""The addresses below /admin/, with what every app registers there."""

from django.contrib import admin

admin.autodiscover()
urlpatterns = admin.site.get_urls()
