"""Make the project's own virtual environment in .venv, with the pinned and hash-checked packages.

Every script here calls `python()` first. The work is done once and remembered by the hash of the
lock files; a change of a lock does it again. Nothing outside the checkout is written.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
OLDEST = (3, 11)


def find_interpreter():
    """Return a Python that is new enough: this one, else the newest on the PATH."""
    if sys.version_info >= OLDEST:
        return sys.executable
    for minor in range(20, OLDEST[1] - 1, -1):
        found = shutil.which("python3.%d" % minor)
        if found and subprocess.call([found, "-c", "import venv"]) == 0:
            return found
    sys.exit("Ferry needs Python %d.%d or newer; this is %s." % (*OLDEST, sys.version.split()[0]))


def say(sentence):
    print("  " + sentence, file=sys.stderr, flush=True)


def run_quietly(command, failed):
    """Run a step; on failure print what it printed, then one plain sentence, and stop."""
    done = subprocess.run(
        command, check=False, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if done.returncode:
        sys.stderr.buffer.write(done.stdout)
        sys.exit("\n" + failed)


def make_venv():
    shutil.rmtree(VENV, ignore_errors=True)
    say("making the virtual environment .venv …")
    run_quietly(
        [find_interpreter(), "-m", "venv", str(VENV)],
        "Python could not make a virtual environment. On Debian and Ubuntu, install the package "
        "python3-venv and try again.",
    )
    (VENV / "made-at").write_text(str(VENV))


def is_sound(interpreter):
    """Say whether the environment works, and was made here: its programs name their own place."""
    made_at = VENV / "made-at"
    if not interpreter.exists() or not made_at.exists() or made_at.read_text() != str(VENV):
        return False
    return subprocess.call([str(interpreter), "-c", ""]) == 0


def install(lock, stamp):
    digest = hashlib.sha256((ROOT / lock).read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return False
    say("installing the packages of %s (a minute or two, once) …" % lock)
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install"]
    quiet = ["--quiet", "--no-input", "--require-hashes", "--only-binary", ":all:"]
    run_quietly(
        [*pip, *quiet, "-r", lock],
        "The packages of %s could not be installed. Is the network there? Try again." % lock,
    )
    run_quietly(
        [*pip, "--quiet", "--no-deps", "--no-build-isolation", "--editable", "."],
        "Ferry itself could not be installed into .venv.",
    )
    stamp.write_text(digest)
    return True


def python(tests=False):
    """Return the path of the environment's Python, made or brought up to date when needed."""
    interpreter = VENV / "bin" / "python"
    lock = "requirements-test.lock" if tests else "requirements.lock"
    stamp = VENV / (lock + ".sha256")
    with open(ROOT / ".venv.lock", "w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not is_sound(interpreter):
            make_venv()
        if not tests and (VENV / "requirements-test.lock.sha256").exists():
            # the test lock holds every line of the runtime lock; installing both would only swap
            stamp = VENV / "requirements-test.lock.sha256"
            lock = "requirements-test.lock"
        install(lock, stamp)
    return str(interpreter)


def become(command, tests=False):
    """Replace this process by `command`, run with the environment's programs."""
    python(tests)
    bin_folder = VENV / "bin"
    os.environ["PYTHONUTF8"] = "1"
    os.environ.setdefault("FERRY_DATA_DIR", str(ROOT / ".ferry"))
    os.environ["PATH"] = "%s%s%s" % (bin_folder, os.pathsep, os.environ.get("PATH", ""))
    os.execv(str(bin_folder / command[0]), command)
