"""kombu's file system broker with whole messages that are taken and not deleted: written beside and renamed, held by a lock.

The stock channel opens a message under its final name before it fills it, so that a quick reader may take an
empty one, and deletes a message when it is taken: a worker that is killed in the middle loses it. Here a taken message
stays until it is acknowledged. Its taker holds a lock on it that the kernel lets go when the process ends, however it
does, so nobody needs a clock to know that it was abandoned: who next looks gives it back (at least once).
"""

from __future__ import annotations

import fcntl
import logging
import os
import time
import uuid
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import filesystem
from kombu.utils.json import dumps, loads

logger = logging.getLogger(__name__)

PATIENCE = 0.25  # seconds
LOOK = 1.0  # seconds between two looks for what was abandoned


class Channel(filesystem.Channel):
    """One folder; `NANOSECONDS_UUID.QUEUE.msg` waits, the same name with a dot before it is taken (with `.new`: being written)."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.taken: dict[str, tuple[Path, int]] = {}  # delivery tag → its file, and what holds its lock
        self._looked = float("-inf")
        _channels.add(self)

    # --- leaving and taking ---------------------------------------------------------------------------------

    def _put(self, queue: str, payload: dict[str, Any], **_kwargs: Any) -> None:  # type: ignore[override]
        folder = Path(self.data_folder_out)
        name = f"{time.time_ns():020d}_{uuid.uuid4().hex}.{queue}.msg"
        draft = folder / f".{name}.new"
        try:
            draft.write_text(dumps(payload))
            draft.rename(folder / name)
        except OSError:  # no room: the sender is told, and no half is left
            draft.unlink(missing_ok=True)
            raise

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        folder = Path(self.data_folder_in)
        self._give_back_abandoned(folder)
        for name in _waiting(folder, queue):
            if (found := self._take(folder, name)) is not None:
                return found
        raise Empty

    def _take(self, folder: Path, name: str) -> Any:
        """The message, now held by us; None if another was quicker, or nobody can read it."""
        with _locked(folder / name) as lock:
            if lock is None:
                return None
            taken = folder / f".{name}"
            try:
                os.rename(folder / name, taken)
            except FileNotFoundError:
                return None
            try:
                payload = loads(taken.read_text())
                tag = payload.get("properties", {}).get("delivery_tag")
            except (ValueError, AttributeError):
                logger.error("the message %s cannot be read and is set aside", name)
                taken.rename(folder / f"{name}.broken")
                return None
            if tag is None:  # nobody could acknowledge it
                taken.unlink()
            else:
                self.taken[tag] = (taken, os.dup(lock))
            return payload

    def _give_back_abandoned(self, folder: Path) -> None:
        """What a worker held that ended without an answer waits again, in its old place."""
        if time.monotonic() - self._looked < LOOK:
            return
        self._looked = time.monotonic()
        for name in os.listdir(folder):
            if name[0] == "." and name.endswith(".msg"):
                with _locked(folder / name) as lock:
                    if lock is not None:
                        with suppress(FileNotFoundError):
                            os.rename(folder / name, folder / name[1:])
                            logger.warning("the message %s was abandoned and waits again", name[1:])

    # --- answering ------------------------------------------------------------------------------------------

    def basic_ack(self, delivery_tag: str, multiple: bool = False) -> None:
        """It is done."""
        super().basic_ack(delivery_tag, multiple=multiple)
        self._let_go(delivery_tag)

    def basic_reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """It is done, or waits again (`_restore_at_beginning`)."""
        super().basic_reject(delivery_tag, requeue=requeue)
        self._let_go(delivery_tag)

    def basic_get(self, queue: str, no_ack: bool = False, **options: Any) -> Any:
        """One message, which with `no_ack` nobody will acknowledge."""
        message = super().basic_get(queue, no_ack=no_ack, **options)
        if no_ack and message is not None:
            self._let_go(message.delivery_tag or "")
        return message

    def _restore(self, message: Any) -> None:
        """Handed back: it keeps its place, and is never in two."""
        held = self.taken.pop(message.delivery_tag, None)
        if held is None:
            super()._restore(message)
            return
        path, lock = held
        with suppress(FileNotFoundError):
            path.rename(path.with_name(path.name[1:]))
        os.close(lock)

    def _let_go(self, delivery_tag: str) -> None:
        path, lock = self.taken.pop(delivery_tag, (None, -1))
        if path is not None:
            path.unlink(missing_ok=True)
            os.close(lock)

    # --- counting -------------------------------------------------------------------------------------------

    def _purge(self, queue: str) -> int:
        folder = Path(self.data_folder_in)
        names = _waiting(folder, queue)
        for name in names:
            (folder / name).unlink(missing_ok=True)
        return len(names)

    def _size(self, queue: str) -> int:
        return len(_waiting(Path(self.data_folder_in), queue))


_channels: weakref.WeakSet[Channel] = weakref.WeakSet()


def _forget_locks() -> None:
    """A forked child must not keep its parent's locks alive; closing a copy does not let them go."""
    for channel in _channels:
        for _path, lock in channel.taken.values():
            os.close(lock)
        channel.taken.clear()


os.register_at_fork(after_in_child=_forget_locks)


@contextmanager
def _locked(path: Path) -> Iterator[int | None]:
    """A file's lock for the time of the block (a copy of what it gives keeps it); None where another has it, or it is gone."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        yield None
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        yield None
        return
    try:
        yield handle
    finally:
        os.close(handle)


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
