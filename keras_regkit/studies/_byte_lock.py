"""The operating system's lock on the first byte of an open file. It ends with the process, however that ends."""

import errno
import os

# A file system without a lock service says one of these.
NO_LOCKS_HERE = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP}
_TAKEN = {errno.EACCES, errno.EAGAIN, errno.EDEADLK}

if os.name == "nt":
    import msvcrt

    def _lock(file):
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

    def give_back(file):
        """Frees the lock that `take` got."""
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    # POSIX locks, not flock: a forked worker that outlives a killed parent must not go on holding the parent's lock.
    def _lock(file):
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1)

    def give_back(file):
        """Frees the lock that `take` got."""
        fcntl.lockf(file, fcntl.LOCK_UN, 1)


def take(file):
    """Locks the first byte of `file`, open for writing, without waiting. Returns whether it could.

    A POSIX lock ends when *any* handle of this process on the file is closed: open the file once.

    Raises:
        OSError: the file system has no locks (`errno` in `NO_LOCKS_HERE`), or the file cannot be locked at all.
    """
    try:
        _lock(file)
    except OSError as error:
        if error.errno not in _TAKEN:
            raise
        return False
    return True
