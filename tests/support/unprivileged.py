"""Programs that obey permission bits, also where the tests run as the superuser."""

import os
import shutil
import subprocess

import pytest

#: the superuser without capabilities is an owner like any other
_SETPRIV = ("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--")


def unprivileged() -> list[str]:
    """Return what to put before a command; skips where the superuser's powers cannot be given up."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("runs as the superuser, and there is no setpriv to give its powers up")
    tried = subprocess.run([*_SETPRIV, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"the superuser's powers cannot be given up here: {tried.stderr.strip()}")
    return list(_SETPRIV)
