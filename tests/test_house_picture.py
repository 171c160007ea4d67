"""The drawing on the page about the design is that of the imports."""

import house_picture


def test_the_house_is_drawn_as_it_is():
    assert house_picture.PAGE.read_text() == house_picture.picture(), "run `python tests/house_picture.py` to draw it"
