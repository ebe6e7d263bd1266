"""Addresses below /desk/mail/; names `desk:mail…`, `desk:refused…`, `desk:form_address…`."""

from django.urls import path

from servicedesk.desk.mail import acts, bulk, original, senders, views

urls = [
    path("mail/", views.mails, name="mail"),
    path("mail/bulk/", bulk.bulk, name="mail_bulk"),
    path("mail/refused/", senders.refused, name="refused"),
    path("mail/refused/new/", senders.create, name="refused_create"),
    path("mail/refused/<int:pk>/take-back/", senders.take_back, name="refused_take_back"),
    *senders.FORM_ADDRESS.urls,
    path("mail/<int:pk>/", views.one, name="mail_one"),
    path("mail/<int:pk>/files/<int:number>/", views.file, name="mail_file"),
    path("mail/<int:pk>/original/", original.original, name="mail_original"),
    path("mail/<int:pk>/original/document/", original.document, name="mail_document"),
    path("mail/<int:pk>/original/source/", original.source, name="mail_source"),
    path("mail/<int:pk>/open/", acts.open_ticket, name="mail_open"),
    path("mail/<int:pk>/attach/", acts.attach, name="mail_attach"),
    path("mail/<int:pk>/answer/", acts.answer, name="mail_answer"),
    path("mail/<int:pk>/refuse/", acts.refuse, name="mail_refuse"),
    path("mail/<int:pk>/aside/", acts.now, {"act": "aside"}, name="mail_aside"),
    path("mail/<int:pk>/again/", acts.now, {"act": "again"}, name="mail_again"),
    path("mail/<int:pk>/back/", acts.now, {"act": "back"}, name="mail_back"),
]
