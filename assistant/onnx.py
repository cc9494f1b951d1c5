"""onnxruntime as every engine of this program uses it: one core, no memory kept, no busy waiting."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any


def session(model: bytes | Path, *, threads: int = 1, arena: bool = False) -> Any:
    """A network, ready to run. Raises one of `failures()`.

    Arena and pattern keep the peak of the longest utterance for ever: 161 MB after 12 s of sound, without them and
    with freed memory given back 118 MB, at the same speed (x86-64, onnxruntime 1.32).
    """
    # Loading it takes 0.2 s and 20 MB; programs that never run a network should not pay for it.
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = options.enable_mem_pattern = arena
    # Spinning worker threads would keep a core busy between two utterances.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3

    def load(place: str | bytes) -> Any:
        return onnxruntime.InferenceSession(place, options, providers=["CPUExecutionProvider"])

    if isinstance(model, Path):
        return load(str(model))
    try:
        descriptor = os.memfd_create("network")
    except OSError:  # refused, as with --no-write
        return load(model)
    # From a file without a place on a disk: given as bytes, the runtime would keep them beside what it makes.
    with os.fdopen(descriptor, "wb") as file:
        file.write(model)
        file.flush()
        return load(f"/proc/self/fd/{file.fileno()}")


@cache
def failures() -> tuple[type[Exception], ...]:
    """What onnxruntime raises: kinds that share no base class but Exception."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    kinds = (kind for kind in vars(state).values() if isinstance(kind, type) and issubclass(kind, Exception))
    return (*kinds, RuntimeError, ValueError)
