"""Put on PYTHONPATH while fann2 is built: its setup.py looks for libdoublefann in /usr/lib only.

Debian keeps it in /usr/lib/<machine>, where the compiler finds it without help. Only the look has to succeed, so the
listing of /usr/lib is shown with that folder's names added. Nothing on the disk is changed.
"""

import os
import sysconfig

_listdir = os.listdir
_multiarch = f"/usr/lib/{sysconfig.get_config_var('MULTIARCH')}"


def _listdir_with_multiarch(path=".", *args, **kwargs):  # type: ignore[no-untyped-def]
    names = _listdir(path, *args, **kwargs)
    if path == "/usr/lib" and os.path.isdir(_multiarch):  # noqa: PTH112
        names = names + _listdir(_multiarch)
    return names


os.listdir = _listdir_with_multiarch
