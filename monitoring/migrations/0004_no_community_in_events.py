"""Events of traps kept their community among the values."""

from django.db import migrations

SUBTREES = ("1.3.6.1.6.3.18.1.", "1.3.6.1.6.3.15.1.2.2.1.")


def forget(apps, schema_editor):
    event = apps.get_model("monitoring", "Event")
    for row in event.objects.filter(source="trap", data__has_key="values").iterator(500):
        values = row.data["values"]
        if not isinstance(values, dict):
            continue
        kept = {oid: value for oid, value in values.items() if not oid.strip(".").startswith(SUBTREES)}
        if len(kept) < len(values):
            event.objects.filter(pk=row.pk).update(data=row.data | {"values": kept})


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0003_wanted_backups")]

    operations = [migrations.RunPython(forget, migrations.RunPython.noop, elidable=True)]
