"""Putting something around the `call` of layer classes, for as long as a `with` lasts."""

import contextlib
import threading


class PatchedCalls:
    """Replaces `call` of classes while anyone needs it, and brings it back after the last.

    The class is patched and not the layer: a stand-in made from all that a layer holds must not call the layer itself,
    and replicas of a distributed model are traced in threads of their own. What a replaced call does to which layer is
    for the replacement to look up, so that other layers of the class are not affected.

    Args:
        replace: Function of a class's `call` that returns the one to use in its place.
    """

    def __init__(self, replace):
        self._replace = replace
        self._patched = {}  # class -> [its own `call` or None, uses]
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def around(self, classes):
        """Within, the classes have their `call` replaced."""
        with contextlib.ExitStack() as patches:
            for cls in set(classes):
                self._patch(cls)
                patches.callback(self._unpatch, cls)
            yield

    def _patch(self, cls):
        with self._lock:
            entry = self._patched.setdefault(cls, [vars(cls).get("call"), 0])
            entry[1] += 1
            if entry[1] == 1:
                cls.call = self._replace(cls.call)

    def _unpatch(self, cls):
        with self._lock:
            entry = self._patched[cls]
            entry[1] -= 1
            if entry[1]:
                return
            own, _ = self._patched.pop(cls)
            if own is None:
                del cls.call
            else:
                cls.call = own
