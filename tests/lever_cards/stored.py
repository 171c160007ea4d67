"""Pictures as they are kept: small PNG files that say what they were drawn from."""

import io

from PIL import Image, PngImagePlugin

_DPI = 110


def write(path, figure, told):
    """Writes a figure, with these texts in the file, in 256 colours."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_DPI, facecolor="white")
    info = PngImagePlugin.PngInfo()
    for key, text in told.items():
        info.add_itxt(key, text)
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.open(buffer).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    image.save(path, pnginfo=info, optimize=True)


def read(path):
    """Returns the texts in the file, none where there is no file."""
    if not path.exists():
        return {}
    with Image.open(path) as image:
        return {key: str(text) for key, text in image.text.items()}
