"""An alert's page: what happened, what stands in its shadow."""

from __future__ import annotations

import json
from typing import Any

from cmdb.common import ui
from cmdb.common.crud import DetailView
from monitoring import words
from monitoring.mibs.confidential import is_confidential
from monitoring.models import Alert, Event, Target


def event_data(event: Event, _user: Any) -> str:
    """What came with it, as text; also of events stored before it was known which values are secrets."""
    data = dict(event.data)
    if isinstance(values := data.get("values"), dict):
        data["values"] = {oid: value for oid, value in values.items() if not is_confidential(oid)}
    return json.dumps(data, ensure_ascii=False, indent=1) if data else ""


class AlertDetail(DetailView):
    """With the events of its problem and the targets that it silences."""

    def context(self, obj: Alert) -> dict[str, Any]:
        """Rows of other organisations are left out, their number is told."""
        context = super().context(obj)
        shadows = (
            Target.objects.visible_to(self.user)
            .filter(shadowed_by=obj.target_id)
            .select_related("organisation")
        )
        shown = list(shadows.order_by("sort_name")[:200]) if obj.is_open else []
        events = (
            Event.objects.visible_to(self.user)
            .filter(problem_key=obj.problem_key, at__gte=obj.opened_at)
            .order_by("at", "pk")
        )
        if obj.closed_at:
            events = events.filter(at__lte=obj.closed_at)
        return context | {
            "title": words.sentence(obj.kind, obj.target.name, obj.problem_key.partition(f"{obj.kind}:")[2]),
            "shadows": shown,
            "shadows_elsewhere": max(0, obj.shadowed_count - len(shown)) if obj.is_open else 0,
            "events": [{"event": event, "label": words.happened(event)} for event in events[:50]],
            "duration": ui.duration((obj.closed_at - obj.opened_at).total_seconds()) if obj.closed_at else "",
        }
