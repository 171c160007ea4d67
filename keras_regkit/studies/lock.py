"""One writer for one folder: a lock that the operating system takes back when its holder dies."""

import contextlib
import errno
import json
import os
import pathlib
import socket
import threading

from keras_regkit._core.files import write_json
from keras_regkit.studies import _byte_lock
from keras_regkit.studies.provenance import now

_LOCK = ".lock"
_HOLDER = ".lock.json"

# The system's locks belong to a process: they cannot tell two writers in one process apart. This can.
_held: dict = {}
_guard = threading.Lock()


@contextlib.contextmanager
def held(folder, what="a study"):
    """Holds the lock of `folder` while the `with` block runs, and yields a note or None.

    The lock is a byte of `.lock`, locked in the operating system, not the file's existence: a holder that is killed
    frees it, at once and without anybody's help. `.lock.json` beside it says who holds it, for people. On a network
    file system (NFS) the lock is as good as its server's lock service. Where there is none, the file that names the
    holder has to do: a holder that died on another machine is then not noticed, and its file must be deleted by hand.

    Args:
        folder: An existing folder that can be written to.
        what: What is being written there, for the message.

    Yields:
        None, or a note for the user: the last holder died without giving the lock back, and its place is taken.

    Raises:
        BlockingIOError: somebody else writes into the folder. The message says who: process, machine and since when.

    Example:

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, held(folder) as note:
    ...     print(note)
    None
    """
    folder = pathlib.Path(folder).resolve()
    with _in_this_process(folder, what), open(folder / _LOCK, "ab") as file:
        system = True
        try:
            locked = _byte_lock.take(file)
        except OSError as error:
            if error.errno not in _byte_lock.NO_LOCKS_HERE:
                raise
            system, locked = False, not _lives(_holder(folder))
        if not locked:
            raise BlockingIOError(_in_use(folder, what, _holder(folder)))
        last = _holder(folder)
        try:
            try:
                write_json(folder / _HOLDER, _me())
            except OSError:
                if not system:
                    raise
                # The disk is full, it may be. The system's lock holds all the same; only the name is not on the door.
            yield _note(last) if last else None
        finally:
            # Before the lock is free: afterwards it could be the next holder's.
            (folder / _HOLDER).unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                _byte_lock.give_back(file)


@contextlib.contextmanager
def _in_this_process(folder, what):
    key, me = os.fspath(folder), os.getpid()
    with _guard:
        # A forked child inherits the list, but holds nothing of what is in it.
        if _held.get(key) == me:
            raise BlockingIOError(_in_use(folder, what, _holder(folder) or _me()))
        _held[key] = me
    try:
        yield
    finally:
        with _guard:
            _held.pop(key, None)


def _me():
    return {"pid": os.getpid(), "host": socket.gethostname(), "since": now()}


def _holder(folder):
    """Who the file says holds the lock; None if there is no such file, or it is none of ours."""
    try:
        found = json.loads((folder / _HOLDER).read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and {"pid", "host", "since"} <= set(found) else None


def _lives(holder):
    if holder is None:
        return False
    if holder["host"] != socket.gethostname():
        return True  # nothing can be said of another machine's processes: better ask than spoil
    if os.name == "nt":
        return True  # to ask would be to send it Ctrl-C; and Windows has locks everywhere
    try:
        os.kill(int(holder["pid"]), 0)
    except OSError as error:
        return error.errno == errno.EPERM
    return True


def _in_use(folder, what, holder):
    who = _who(holder) if holder else "another process"
    if holder and (holder["pid"], holder["host"]) == (os.getpid(), socket.gethostname()):
        who = f"this very process ({holder['pid']} on {holder['host']!r}), since {holder['since']},"
    return (
        f"{str(folder)!r} is in use: {who} writes {what} into it. Wait until it is finished, or stop it, and run "
        f"again; what it finishes is reused. Reading is possible meanwhile. (If nobody writes there, and this is a "
        f"network drive, delete {str(folder / _HOLDER)!r})"
    )


def _who(holder):
    return f"process {holder['pid']} on {holder['host']!r}, since {holder['since']},"


def _note(last):
    return (
        f"The last run, {_who(last)} ended without closing its store, as after a kill or a crash. What it had finished "
        "is kept; its place is taken"
    )
