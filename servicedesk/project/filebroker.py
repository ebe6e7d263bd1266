"""kombu's file system broker with whole messages: written beside and renamed, taken by rename in the same folder.

The stock channel opens a message under its final name before it fills it, so that a quick reader may take an
empty one, and moves taken messages into the machine's common temporary folder.
"""

import os
import uuid
from pathlib import Path
from queue import Empty
from time import time_ns
from typing import Any

from kombu.transport import filesystem
from kombu.utils.json import dumps, loads

PATIENCE = 0.25  # seconds


class Channel(filesystem.Channel):
    """One folder; `NANOSECONDS_UUID.QUEUE.msg` waits, the same name with a dot before it is being written or taken."""

    def _put(self, queue: str, payload: dict[str, Any], **_kwargs: Any) -> None:  # type: ignore[override]
        folder = Path(self.data_folder_out)
        name = f"{time_ns():020d}_{uuid.uuid4().hex}.{queue}.msg"
        draft = folder / f".{name}.new"
        draft.write_text(dumps(payload))
        draft.rename(folder / name)

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        folder = Path(self.data_folder_in)
        for name in _waiting(folder, queue):
            taken = folder / f".{name}"
            try:
                os.rename(folder / name, taken)
            except FileNotFoundError:
                continue  # another worker was quicker
            payload = loads(taken.read_text())
            taken.unlink()
            return payload
        raise Empty

    def _purge(self, queue: str) -> int:
        folder = Path(self.data_folder_in)
        names = _waiting(folder, queue)
        for name in names:
            (folder / name).unlink(missing_ok=True)
        return len(names)

    def _size(self, queue: str) -> int:
        return len(_waiting(Path(self.data_folder_in), queue))


def _waiting(folder: Path, queue: str) -> list[str]:
    """Names of the waiting messages of `queue`, oldest first."""
    ending = f".{queue}.msg"
    return sorted(name for name in os.listdir(folder) if name.endswith(ending) and name[0] != ".")


class Transport(filesystem.Transport):
    """What `broker_transport` names."""

    Channel = Channel

    def drain_events(self, connection: Any, timeout: float | None = None, **kwargs: Any) -> Any:
        """Back after a quarter of a second at the latest: a worker asks for two, and heeds a signal only in between."""
        return super().drain_events(connection, timeout=min(timeout or PATIENCE, PATIENCE), **kwargs)
