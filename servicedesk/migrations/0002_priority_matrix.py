"""The priority matrix as it is delivered; people may change it afterwards."""

from django.db import migrations

# (impact, urgency): priority; 1 is high or critical. Written out, so that later changes of code leave old data alone.
CELLS = {(1, 1): 1, (1, 2): 2, (1, 3): 3, (2, 1): 2, (2, 2): 3, (2, 3): 4, (3, 1): 3, (3, 2): 3, (3, 3): 4}


def fill(apps, schema_editor):
    rule = apps.get_model("servicedesk", "PriorityRule")
    for (impact, urgency), priority in CELLS.items():
        rule.objects.get_or_create(impact=impact, urgency=urgency, defaults={"priority": priority})


class Migration(migrations.Migration):
    dependencies = [("servicedesk", "0001_initial")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
