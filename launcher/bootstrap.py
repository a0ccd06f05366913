"""Makes the environment that Flowmesh runs in, with nothing but a Python of the machine.

    python3 launcher/bootstrap.py [--dev]

Creates `.venv` beside the sources and installs what `requirements.lock` (with `--dev`: `requirements-dev.lock`) names,
each file checked by its hash. Where that is done already it does nothing. Debian's Python has neither pip nor
ensurepip, so pip is fetched from the package index (PyPI, or what `PIP_INDEX_URL` or pip's configuration name).

Only the standard library, and no syntax newer than Python 3.6: an older Python must get as far as saying so.
"""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120 - pathlib takes 10 ms
VENV = os.path.join(ROOT, ".venv")  # noqa: PTH118
LOCKS = {False: "requirements.lock", True: "requirements-dev.lock"}
OLDEST = (3, 11)
NEWEST_KNOWN = (3, 14)
"""Newer interpreters are taken only where no other is there: the locked packages may have no wheels for them."""
DEFAULT_INDEX = "https://pypi.org/simple"
TIMEOUT_SECONDS = 60


class CannotPrepare(Exception):
    """The environment cannot be made; the message is for the person who asked for it."""


def main():  # type: () -> int
    """Run the command line; return the exit code."""
    dev = "--dev" in sys.argv[1:]
    if is_current(dev):
        return 0
    try:
        prepare(dev)
    except CannotPrepare as error:
        sys.stderr.write(f"Cannot prepare Flowmesh's environment: {error}\n")
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def is_current(dev):  # type: (bool) -> bool
    """Tell whether the environment holds what the lock names; a development environment holds all of it."""
    return any(_is_installed(kind) for kind in ((True,) if dev else (True, False)))


def _stamp(dev):  # type: (bool) -> str
    return os.path.join(VENV, "installed-" + LOCKS[dev])  # noqa: PTH118


def _is_installed(dev):  # type: (bool) -> bool
    # The stamp is a copy of the lock: comparing is faster than importing what computes a hash.
    try:
        with open(_stamp(dev), "rb") as stamp, open(os.path.join(ROOT, LOCKS[dev]), "rb") as lock:  # noqa: PTH118
            return stamp.read() == lock.read() and os.path.exists(python_of_venv())  # noqa: PTH110
    except OSError:
        return False


def python_of_venv():  # type: () -> str
    """Return the path of the environment's interpreter."""
    return os.path.join(VENV, "bin", "python")  # noqa: PTH118


def prepare(dev):  # type: (bool) -> None
    """Make or renew the environment. Raises `CannotPrepare`."""
    import fcntl

    dev = dev or os.path.exists(_stamp(True))  # noqa: PTH110
    with open(os.path.abspath(__file__), "rb") as itself:  # noqa: PTH100
        # Two `make` at once: the second waits, and finds it done.
        fcntl.flock(itself, fcntl.LOCK_EX)
        if not is_current(dev):
            _prepare(dev)


def _prepare(dev):  # type: (bool) -> None
    import shutil
    import tempfile

    python = choose_python()
    lock = os.path.join(ROOT, LOCKS[dev])  # noqa: PTH118
    if not _venv_is_of(python):
        _say(f"Creating .venv with {python}")
        _run([python, "-m", "venv", "--clear", "--without-pip", VENV], "creating the virtual environment failed")
    for kind in LOCKS:
        if os.path.exists(_stamp(kind)):  # noqa: PTH110
            os.remove(_stamp(kind))  # noqa: PTH107
    _say(f"Installing the packages of {LOCKS[dev]}")
    with tempfile.TemporaryDirectory() as folder:
        pip = fetch_pip(folder)
        _install(pip, lock, folder)
    _write_entry_points()
    shutil.copyfile(lock, _stamp(dev))


def choose_python():  # type: () -> str
    """Return the interpreter to use: `PYTHON` where set, else that of the environment, else the fastest one.

    Builds of one version differ by a third (profile-guided optimization), and do not always tell how they were made, so
    each gets a tenth of a second to show. Raises `CannotPrepare` where none is new enough.
    """
    wanted = os.environ.get("PYTHON")
    if wanted:
        found = _describe(wanted)
        if found is None:
            raise CannotPrepare(f"PYTHON={wanted} is not a Python that can be run.")
        if found.version < OLDEST:
            version, oldest = _dotted(found.version), _dotted(OLDEST)
            raise CannotPrepare(f"PYTHON={wanted} is Python {version}; {oldest} or newer is needed.")
        return found.path
    present = _describe(python_of_venv())
    if present is not None and present.version >= OLDEST:
        return present.path
    seen = {found.path: found for found in map(_describe, _candidates()) if found is not None}
    usable = [found for found in seen.values() if found.version >= OLDEST]
    if not usable:
        versions = ", ".join(sorted({_dotted(found.version) for found in seen.values()})) or "none"
        raise CannotPrepare(
            f"Python {_dotted(OLDEST)} or newer is needed (found: {versions}); install it, or name one: "
            "make up PYTHON=/path/to/python3."
        )
    return min(usable, key=lambda found: (found.version > NEWEST_KNOWN, found.seconds)).path


def _candidates():  # type: () -> list[str]
    import shutil

    names = ["python3"] + [f"python3.{minor}" for minor in range(OLDEST[1], NEWEST_KNOWN[1] + 2)]
    # The system's own may be hidden behind another one of the same name.
    folders = [*os.environ.get("PATH", os.defpath).split(os.pathsep), "/usr/bin", "/usr/local/bin"]
    found = [shutil.which(name, path=folder) for folder in dict.fromkeys(folders) for name in names]
    found.append(getattr(sys, "_base_executable", sys.executable))
    return list(dict.fromkeys(path for path in found if path))


class Interpreter:
    """A Python of the machine: its real path, its version, and the seconds it took for a bit of work."""

    def __init__(self, path, version, seconds):  # type: (str, tuple[int, int], float) -> None
        self.path = path
        self.version = version
        self.seconds = seconds


_DESCRIBE = """
import os, sys, sysconfig, time
def work():
    started = time.perf_counter()
    table = {}
    for number in range(20000):
        table[str(number)] = (number, number * 3 % 7)
    total = sum(len(key) + value[1] for key, value in table.items())
    return time.perf_counter() - started
if sysconfig.get_config_var("Py_GIL_DISABLED"):
    sys.exit("free-threaded builds have few wheels")
path = os.path.realpath(sys.executable)
sys.stdout.write("%s\\n%d %d %f" % ((path,) + sys.version_info[:2] + (min(work() for _ in range(12)),)))
"""


def _describe(python):  # type: (str) -> Interpreter | None
    """Ask an interpreter what it is; None where it cannot be used."""
    import subprocess

    try:
        done = subprocess.run(
            [python, "-I", "-c", _DESCRIBE], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    path, _, numbers = done.stdout.decode(errors="replace").partition("\n")
    parts = numbers.split()
    if done.returncode != 0 or len(parts) != 3:
        return None
    return Interpreter(path, (int(parts[0]), int(parts[1])), float(parts[2]))


def _venv_is_of(python):  # type: (str) -> bool
    return os.path.exists(python_of_venv()) and os.path.realpath(python_of_venv()) == python  # noqa: PTH110


def _dotted(version):  # type: (tuple[int, int]) -> str
    return "{}.{}".format(*version)


def pins_of(name):  # type: (str) -> tuple[str, set[str]]
    """Return the version of a package that the development lock names, and the hashes its files may have."""
    import re

    with open(os.path.join(ROOT, LOCKS[True]), encoding="utf-8") as lock:  # noqa: PTH118
        found = re.search(rf"(?m)^{re.escape(name)}==(\S+)((?: \\\n    --hash=sha256:\w+)+)", lock.read())
    if found is None:
        raise CannotPrepare(f"{LOCKS[True]} does not name {name}; run `make lock`.")
    return found.group(1), set(re.findall(r"sha256:(\w+)", found.group(2)))


def fetch_pip(folder):  # type: (str) -> str
    """Download the locked pip from the index and return the path of its wheel. Raises `CannotPrepare`."""
    import hashlib
    import urllib.parse

    version, hashes = pins_of("pip")
    index = index_url()
    page = index.rstrip("/") + "/pip/"
    name = f"pip-{version}-py3-none-any.whl"
    for link in _links(page):
        url = urllib.parse.urldefrag(urllib.parse.urljoin(page, link))[0]
        if urllib.parse.unquote(url.rsplit("/", 1)[-1]) == name:
            content = _download(url)
            if hashlib.sha256(content).hexdigest() not in hashes:
                raise CannotPrepare(f"{name} from {_shown(url)} is not the file that the lock names.")
            path = os.path.join(folder, name)  # noqa: PTH118
            with open(path, "wb") as wheel:
                wheel.write(content)
            return path
    raise CannotPrepare(f"the package index {_shown(index)} has no {name}.")


def index_url():  # type: () -> str
    """Return the package index as pip would choose it."""
    return (
        os.environ.get("PIP_INDEX_URL")
        or os.environ.get("UV_DEFAULT_INDEX")
        or _pip_setting("index-url")
        or DEFAULT_INDEX
    )


def _pip_setting(name):  # type: (str) -> str | None
    import configparser

    parser = configparser.RawConfigParser()
    home = os.path.expanduser("~")  # noqa: PTH111
    config = os.environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")  # noqa: PTH118
    paths = ["/etc/pip.conf", os.path.join(home, ".pip/pip.conf"), os.path.join(config, "pip/pip.conf")]  # noqa: PTH118
    own = os.environ.get("PIP_CONFIG_FILE")
    if own != os.devnull:
        parser.read(paths + ([own] if own else []))
    for section in ("install", "global"):
        value = parser.get(section, name, fallback="").strip()
        if value:
            return value
    return None


def _links(page):  # type: (str) -> list[str]
    """Return the files of an index page, of the JSON or the HTML kind."""
    import html
    import json
    import re

    text = _download(page, "application/vnd.pypi.simple.v1+json, text/html;q=0.5").decode("utf-8", "replace")
    if text.lstrip().startswith("{"):
        return [file["url"] for file in json.loads(text)["files"]]
    return [html.unescape(link) for link in re.findall(r"""href\s*=\s*["']([^"']+)["']""", text)]


def _download(url, accept="*/*"):  # type: (str, str) -> bytes
    import base64
    import ssl
    import urllib.error
    import urllib.parse
    import urllib.request

    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("http", "https"):
        raise CannotPrepare(f"the package index must be an http or https address, not {_shown(url)}.")
    bare = urllib.parse.urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    request = urllib.request.Request(bare, headers={"Accept": accept})  # noqa: S310 - checked above
    if parts.username:
        login = "{}:{}".format(urllib.parse.unquote(parts.username), urllib.parse.unquote(parts.password or ""))
        request.add_header("Authorization", "Basic " + base64.b64encode(login.encode()).decode())
    try:
        context = ssl.create_default_context(cafile=_certificates())
        answer = urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS, context=context)  # noqa: S310
        with answer:
            content = answer.read()  # type: bytes
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise CannotPrepare(
            f"the package index cannot be reached ({_shown(url)}: {reason}). Check the network, or name another index "
            "by PIP_INDEX_URL."
        ) from None
    return content


def _certificates():  # type: () -> str | None
    return os.environ.get("PIP_CERT") or _pip_setting("cert")


def _shown(url):  # type: (str) -> str
    import re

    return re.sub(r"//[^/@]*@", "//***@", url)


def _install(pip, lock, folder):  # type: (str, str, str) -> None
    """Install exactly what the lock names: by uv, which takes 2 s instead of 20, or by pip where uv cannot."""
    from_pip = [python_of_venv(), os.path.join(pip, "pip"), "--disable-pip-version-check"]  # noqa: PTH118
    uv = _uv(from_pip, folder)
    if uv is not None:
        environment = dict(os.environ, VIRTUAL_ENV=VENV, UV_DEFAULT_INDEX=index_url(), UV_NO_CONFIG="1")
        for variable, value in (
            ("SSL_CERT_FILE", _certificates()),
            ("UV_INDEX", os.environ.get("PIP_EXTRA_INDEX_URL") or _pip_setting("extra-index-url")),
            ("UV_FIND_LINKS", os.environ.get("PIP_FIND_LINKS") or _pip_setting("find-links")),
        ):
            if value:
                environment.setdefault(variable, value)
        command = [uv, "pip", "sync", "--quiet", "--require-hashes", "--python", python_of_venv(), lock]
        if _succeeds(command, environment):
            return
        _say("uv could not install them, trying pip")
    _run([*from_pip, "install", "--quiet", "--require-hashes", "-r", lock], "installing the packages failed")


def _uv(from_pip, folder):  # type: (list[str], str) -> str | None
    """Return the path of the locked uv, got by pip into a folder of its own; None where it has no wheel for us."""
    version, hashes = pins_of("uv")
    pinned = os.path.join(folder, "uv.txt")  # noqa: PTH118
    with open(pinned, "w", encoding="utf-8") as requirement:
        requirement.write(
            "uv=={} {}\n".format(version, " ".join("--hash=sha256:" + digest for digest in sorted(hashes)))
        )
    target = os.path.join(folder, "uv")  # noqa: PTH118
    options = ["--quiet", "--require-hashes", "--only-binary", ":all:", "--no-deps", "--target", target]
    if not _succeeds([*from_pip, "install", *options, "-r", pinned], dict(os.environ)):
        return None
    return os.path.join(target, "bin", "uv")  # noqa: PTH118


def _write_entry_points():  # type: () -> None
    """Let the environment find the sources, and give it the command `flowmesh`."""
    import glob

    site = glob.glob(os.path.join(VENV, "lib", "python3.*", "site-packages"))[0]  # noqa: PTH118, PTH207
    with open(os.path.join(site, "flowmesh-sources.pth"), "w", encoding="utf-8") as paths:  # noqa: PTH118
        paths.write("{}\n{}\n".format(ROOT, os.path.join(ROOT, "gen")))  # noqa: PTH118
    command = os.path.join(VENV, "bin", "flowmesh")  # noqa: PTH118
    with open(command, "w", encoding="utf-8") as script:
        script.write(f"#!{python_of_venv()}\nimport sys\n\nfrom launcher.cli import main\n\nsys.exit(main())\n")
    os.chmod(command, 0o755)  # noqa: PTH101, S103


def _run(command, failure):  # type: (list[str], str) -> None
    import subprocess

    try:
        code = subprocess.call(command)
    except OSError as error:
        raise CannotPrepare(f"{failure}: {error}.") from None
    if code != 0:
        raise CannotPrepare(f"{failure} (exit code {code}).")


def _succeeds(command, environment):  # type: (list[str], dict[str, str]) -> bool
    import subprocess

    try:
        return subprocess.call(command, env=environment) == 0
    except OSError:
        return False


def _say(text):  # type: (str) -> None
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
