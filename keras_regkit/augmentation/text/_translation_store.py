"""Translations that are kept, whatever becomes of the process."""

import os
import pathlib
import sqlite3
import threading

_TABLE = """
CREATE TABLE IF NOT EXISTS translations (
    translator TEXT, source TEXT, target TEXT, text TEXT, translation TEXT,
    PRIMARY KEY (translator, source, target, text)
) WITHOUT ROWID
"""
_AT_ONCE = 500  # texts in a query: SQLite takes some hundreds of parameters


class TranslationStore:
    """A file of translations that only grows: what is added is on the disk when `add` returns.

    Several threads and processes may use one file.

    Args:
        path: Path of the file, which is made if there is none; None for the memory of this process.
    """

    def __init__(self, path=None):
        self.path = path
        self._lock = threading.Lock()
        self._connection = None
        self._process = None

    @property
    def where(self):
        """Where translations are kept, in words."""
        return "memory, until this process ends; `store` keeps them in a file" if self.path is None else repr(self.path)

    def find(self, key, texts):
        """Returns a dict from those of the texts that have been translated to their translations.

        Args:
            key: Names of the translator, of the language of the texts, and of the other one.
            texts: List of texts.
        """
        found = {}
        with self._lock:
            connection = self._open()
            for start in range(0, len(texts), _AT_ONCE):
                some = texts[start : start + _AT_ONCE]
                query = (
                    "SELECT text, translation FROM translations WHERE translator = ? AND source = ? AND target = ? "
                    f"AND text IN ({', '.join('?' * len(some))})"
                )
                found.update(connection.execute(query, (*key, *some)))
        return found

    def add(self, key, texts, translations):
        """Keeps translations: all of them or, where the process is killed before it returns, none."""
        rows = [(*key, text, translation) for text, translation in zip(texts, translations, strict=True)]
        with self._lock, self._open() as connection:
            connection.executemany("INSERT OR IGNORE INTO translations VALUES (?, ?, ?, ?, ?)", rows)

    def _open(self):
        # A connection must not be carried over to a process that was forked.
        if self._connection is None or self._process != os.getpid():
            path = ":memory:" if self.path is None else self.path
            if self.path is not None:
                pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(path, timeout=60, check_same_thread=False)
            try:
                with connection:
                    connection.execute(_TABLE)
            except sqlite3.DatabaseError as error:
                connection.close()
                raise ValueError(
                    f"`store` must be the path of a store of translations, or of no file yet. Received: {self.path!r}, "
                    f"which SQLite refuses: {error}"
                ) from error
            self._connection, self._process = connection, os.getpid()
        return self._connection
