"""Files that are whole or absent, whatever kills the process."""

import json
import os
import pathlib
import tempfile


def write_atomically(path, content):
    """Writes `content` (str or bytes) to `path` so that no reader ever sees half of it."""
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content.encode() if isinstance(content, str) else content
    # The temporary file lies beside its target: a rename is atomic only within one file system.
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes files for the owner's eyes only; this one is to be as readable as any other.
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, path)
    except BaseException:
        pathlib.Path(temporary).unlink(missing_ok=True)
        raise


def write_json(path, record):
    """Writes `record` as indented JSON, atomically. NaN and infinities become null."""
    write_atomically(path, json.dumps(plain(record), indent=2, allow_nan=False) + "\n")


def plain(value):
    """Returns `value` in what JSON knows: NumPy scalars and arrays unwrapped, non-finite numbers null."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float) and (value != value or value in (float("inf"), -float("inf"))):
        return None
    if isinstance(value, pathlib.Path):
        return str(value)
    return value
