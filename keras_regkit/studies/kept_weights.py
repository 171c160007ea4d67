"""The final weights of a trial, in a file of their own."""

import contextlib
import errno
import math
import os
import shutil

_SLACK, _EACH = 2**17, 2**13  # bytes that a file takes beside its numbers: at all, and for each variable


def keep_weights(model, path, variant, seed):
    """Writes a model's weights and the state of its optimizer, whole or not at all.

    Raises:
        OSError: they could not be written. The message says what is lost: this one training.
    """
    part = path.with_name(f"part-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Looked at before, since HDF5 leaves a file open on which the disk became full, and ends Python over it.
        if shutil.disk_usage(path.parent).free < _size(model):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        model.save_weights(part)
        os.replace(part, path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        if not isinstance(error, OSError):
            raise
        number = error.errno or errno.EIO
        reason = os.strerror(error.errno) if error.errno else error
        full = "Make room on the disk" if number == errno.ENOSPC else "Mend this"
        raise type(error)(
            number,
            f"{variant!r}, seed {seed}, is trained, but its weights could not be kept ({reason}). Trials finished "
            f"before are whole on disk. {full}, then run the study again: it trains this one anew, and what is missing",
            str(path),
        ) from error


def _size(model):
    variables = [*model.variables, *(model.optimizer.variables if model.optimizer else ())]
    return _SLACK + sum(_EACH + (8 if "64" in str(v.dtype) else 4) * math.prod(v.shape) for v in variables)
