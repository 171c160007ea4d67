"""Pages of the levers: `python tests/card_pages.py` writes them from the cards."""
