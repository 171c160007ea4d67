"""Ctrl-C that waits for the end of the batch.

Keras calls no callback after an exception, so an interrupted `fit` leaves no chance to put anything in order. While a
callback is watched, the first Ctrl-C only marks it; at its next hook the callback calls `settle`, which lets every
marked callback put its model in order and then raises the `KeyboardInterrupt`. A second Ctrl-C raises at once.

A `fit` that died of another error cannot be told to stop watching. So the handler looks whether the `fit` that it
serves still runs, and if none does, it removes itself and behaves as Python's own.
"""

import dataclasses
import inspect
import signal
import threading
import weakref

_watches: list = []


@dataclasses.dataclass(frozen=True)
class _Watch:
    # Weak references: a handler left behind by a fit that died must not keep the model alive.
    callback: weakref.ref
    model: weakref.ref
    history: object

    def runs(self, frame):
        """Whether the `fit` in which the watch began is among the callers of `frame`."""
        model = self.model()
        if model is None or self.callback() is None or _history(model) != self.history:
            return False
        while frame is not None:
            if frame.f_code.co_name == "fit" and frame.f_locals.get("self") is model:
                return True
            frame = frame.f_back
        return False


def _history(model):
    # Every fit makes its own History before it calls any callback: it tells one fit of a model from the next.
    history = getattr(model, "history", None)
    return None if history is None else weakref.ref(history)


def watch(callback):
    """Lets the next Ctrl-C set `callback.interrupted` instead of raising.

    Does nothing outside of `fit`, outside of the main thread (where Python allows no handlers), and where someone else
    has already taken Ctrl-C over.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    if signal.getsignal(signal.SIGINT) not in (signal.default_int_handler, _on_interrupt):
        return
    model, frame = callback.model, inspect.currentframe()
    new = _Watch(weakref.ref(callback), weakref.ref(model), _history(model))
    if new.runs(frame):
        _watches[:] = [old for old in _watches if old.runs(frame)] + [new]
        signal.signal(signal.SIGINT, _on_interrupt)


def unwatch(callback):
    """Ends the watch; the last one to leave gives Ctrl-C back to Python."""
    _watches[:] = [watch for watch in _watches if watch.callback() not in (callback, None)]
    if not _watches:
        _give_back()


def settle(callback):
    """Has `callback` and all others that were marked put their models in order, then raises."""
    frame = inspect.currentframe()
    marked = [watch.callback() for watch in _watches if watch.runs(frame)]
    others = [other for other in marked if other is not callback and other.interrupted]
    try:
        for one in [callback, *others]:
            one.on_interrupt()
    finally:
        _watches.clear()
        _give_back()
    raise KeyboardInterrupt


def _give_back():
    in_main_thread = threading.current_thread() is threading.main_thread()
    if in_main_thread and signal.getsignal(signal.SIGINT) is _on_interrupt:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _on_interrupt(number, frame):
    running = [callback for watch in _watches if watch.runs(frame) and (callback := watch.callback())]
    if not running or any(callback.interrupted for callback in running):
        _watches.clear()
        _give_back()
        signal.default_int_handler(number, frame)
    for callback in running:
        callback.interrupted = True
