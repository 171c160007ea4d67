"""Which keys lie beside each other."""

# Rows from the top, each with the place of its first key, in keys. A key touches those within 0.8 of it in the rows
# above and below, and those beside it. Only letters, and digits among themselves, are taken for each other.
_ROWS = {
    "qwerty": ((0, "1234567890"), (0.5, "qwertyuiop"), (0.75, "asdfghjkl"), (1.25, "zxcvbnm")),
    "qwertz": ((0, "1234567890ß"), (0.5, "qwertzuiopü"), (0.75, "asdfghjklöä"), (1.25, "yxcvbnm")),
    "azerty": ((0, "&é\"'(-è_çà"), (0.5, "azertyuiop"), (0.75, "qsdfghjklmù"), (1.25, "wxcvbn")),
}
NAMES = tuple(_ROWS)


class Layouts:
    """What `layout` may be: a name, or a dict from a character to its neighbours."""

    def check(self, name, value):
        """Returns `value`; raises `TypeError` or `ValueError` where it is neither."""
        takes = f"`{name}` must be one of {list(NAMES)}, or a dict from a character to a string of its neighbours"
        if isinstance(value, dict):
            for key, others in value.items():
                ours = isinstance(key, str) and len(key) == 1 and isinstance(others, str | list | tuple) and len(others)
                if not ours or not all(isinstance(other, str) and other for other in others):
                    raise ValueError(f"{takes}. Received: {value!r:.80}, with {key!r}: {others!r:.80}")
        elif not isinstance(value, str):
            raise TypeError(f"{takes}. Received: {value!r:.80}")
        elif value not in NAMES:
            raise ValueError(f"{takes}. Received: {value!r}")
        return value

    def bad_values(self):
        """Values that `check` must refuse, with the error each deserves."""
        return [("dvorak", ValueError), (3, TypeError), ({"ab": "c"}, ValueError), ({"a": ""}, ValueError)]


def neighbours(layout):
    """Returns a dict from each character to a tuple of its neighbours, for capitals too."""
    table = layout if isinstance(layout, dict) else _of_rows(_ROWS[layout])
    found = {key: tuple(others) for key, others in table.items()}
    for key, others in table.items():
        if len(key.upper()) == 1 and key.upper() not in found:
            found[key.upper()] = tuple(other.upper() if len(other.upper()) == 1 else other for other in others)
    return found


def _of_rows(rows):
    at = {
        key: (start + i, row) for row, (start, keys) in enumerate(rows) for i, key in enumerate(keys) if key.isalnum()
    }
    return {
        key: [other for other, there in at.items() if other.isdigit() == key.isdigit() and _touch(here, there)]
        for key, here in at.items()
    }


def _touch(here, there):
    across, down = abs(here[0] - there[0]), abs(here[1] - there[1])
    return across == 1 if down == 0 else down == 1 and across < 0.8
