"""Words in messages."""


def counted(number: int, noun: str) -> str:
    """Returns "1 seed", "2 seeds"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
