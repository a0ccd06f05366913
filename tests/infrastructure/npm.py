"""Node programs that tests use: fetched by npm into the tests' cache at the first use."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
from pathlib import Path

CACHE = Path(__file__).parents[2] / ".cache"
FETCH_SECONDS = 180.0


def installed(source: Path, name: str, script: str) -> Path:
    """Return the folder with what the lock file in `source` names, fetched if need be, and with the newest `script`.

    Raises RuntimeError where that cannot be done, `subprocess.TimeoutExpired` where it takes too long.
    """
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise RuntimeError("there is no node or no npm on this machine")
    wanted = (source / "package-lock.json").read_bytes()
    cache = CACHE / name
    folder = cache / hashlib.sha256(wanted).hexdigest()[:16]
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            fresh = cache / "fresh"
            shutil.rmtree(fresh, ignore_errors=True)
            shutil.copytree(source, fresh, ignore=shutil.ignore_patterns("node_modules"))
            fetched = subprocess.run(
                ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"],
                cwd=fresh,
                capture_output=True,
                timeout=FETCH_SECONDS,
                text=True,
            )
            if fetched.returncode != 0:
                raise RuntimeError(f"npm could not fetch {name}:\n{fetched.stderr[-2000:]}")
            fresh.rename(folder)
        shutil.copy(source / script, folder)
    return folder
