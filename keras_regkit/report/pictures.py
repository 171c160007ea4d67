"""Pictures inside the page."""

import base64
import io

from keras_regkit._core.extras import require
from keras_regkit.plots import draw


def picture(record, alt, **options):
    """Draws `record` and returns what an `<img>` needs: `src`, `alt`, `width` and `height`.

    Vector graphics with a transparent ground: sharp on every screen, and the page turns them over in dark mode. As an
    image, not as part of the page, so that nothing in it can act on the page.
    """
    figure = draw(record, **options)
    buffer = io.BytesIO()
    # The same record gives the same bytes: ids by a fixed salt, and no date.
    with require("matplotlib", extra="app", purpose="The report").rc_context({"svg.hashsalt": "keras_regkit"}):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    width, height = (round(inches * 96) for inches in figure.get_size_inches())
    data = base64.b64encode(buffer.getvalue()).decode()
    return {"src": f"data:image/svg+xml;base64,{data}", "alt": alt, "width": width, "height": height}
