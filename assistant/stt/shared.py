"""One model in memory for all who listen in this process: the recogniser, and the second opinion on the wake word."""

from __future__ import annotations

import threading
import weakref

from assistant.stt.moonshine_model import MoonshineModel, find_model


class SharedModel:
    """Loads when first asked for and lives as long as somebody holds it.

    Running a model keeps no state in it, and onnxruntime's sessions may be run from several threads.
    """

    def __init__(self, *, model: str = "", threads: int = 1) -> None:
        """`model` is a folder with the model files; empty takes those of the installed package."""
        self._folder = model
        self._threads = threads
        self._lock = threading.Lock()
        self._held: weakref.ref[MoonshineModel] | None = None

    def get(self) -> MoonshineModel:
        """The model; loaded now if nobody holds it. Raises ModelError."""
        with self._lock:
            model = self._held() if self._held is not None else None
            if model is None:
                model = MoonshineModel(find_model(self._folder), threads=self._threads)
                self._held = weakref.ref(model)
            return model
