"""What is there against what was acknowledged."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.kill.load import Load
from tests.kill.stage import Stage


def count(stage: Stage, load: Load) -> dict[str, Any]:
    """Figures; `lost` and `doubled` by kind must be 0 everywhere."""
    found = stage.region("stored")
    mails = Counter(stage.mails())
    sent = set(found["message_ids"])
    kinds = {
        "tickets": (load.sure, load.unsure, found["tickets"]),
        "letters": (load.sure, load.unsure, found["letters"]),
        "alerts": (load.faults, load.unsure_faults, found["alerts"]),
        "incidents": (load.faults, load.unsure_faults, found["incidents"]),
        "mails": (sent, set(), {name: number for name, number in mails.items() if name in sent}),
    }
    result: dict[str, Any] = {}
    for kind, (sure, unsure, there) in kinds.items():
        result[kind] = {
            "acknowledged": len(sure),
            "there": sum(there.values()),
            "lost": sorted(sure - set(there)),
            "doubled": sorted(name for name, number in there.items() if number > 1),
            "from nowhere": sorted(set(there) - sure - unsure),
        }
    result["refused"] = load.refused
    result["unanswered"] = len(load.unsure)
    result["unsent"] = found["unsent"]
    return result


def faults_of(result: dict[str, Any]) -> list[str]:
    """What must not be, as sentences."""
    bad = [
        f"{kind} {word}: {', '.join(rows[:5])}"
        for kind, found in result.items()
        if isinstance(found, dict)
        for word in ("lost", "doubled", "from nowhere")
        if (rows := found[word])
        # A letter that was sent and not yet marked when its worker was killed is sent again under the same Message-ID,
        # by which mail programs know it: counted, and no fault.
        if (kind, word) != ("mails", "doubled")
    ]
    if result["unsent"]:
        bad.append(f"{result['unsent']} letters were never sent")
    return bad
