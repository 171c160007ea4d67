"""The output folder: ours, writable, and checked before anything is computed."""

import pathlib
import tempfile

_OURS = {"study", "model.keras", "report.html", "decision.json"}


def claim(output):
    """Returns the output folder as a path, made if needed.

    Raises:
        ValueError: it is a file, or holds things that are not from a run like this one.
        PermissionError: it cannot be written to.
    """
    folder = pathlib.Path(output)
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"`output` must be a folder. Received: {str(output)!r}, which is a file")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise PermissionError(
            f"`output` must be a folder that can be written to. Received: {str(output)!r} ({error.strerror}). "
            "Choose another one"
        ) from error
    # A kill can leave a half-written hidden file behind, and desktops put theirs everywhere.
    found = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    ours = found and (folder / "study" / "study.json").exists()
    foreign = sorted(found - _OURS) if ours else sorted(found - {"study"})
    if foreign:
        raise ValueError(
            f"`output` must be new, empty, or the folder of an earlier run. {str(output)!r} holds other things: "
            f"{foreign[:5]}. Choose another one"
        )
    return folder
