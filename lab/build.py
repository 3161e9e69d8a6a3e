#!/usr/bin/env python3
"""Builds the lab's bundle from package registries: Go modules, Debian packages and the Python index.

lab/build.py              build what is missing of the bundle and print its folder
lab/build.py PART ...     build only these parts and what they need
lab/build.py --list       print the parts, and whether each is up to date
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from engine import Builder, BuildError, say
from parts import all_parts

# Debian packages whose programs and headers the builds use.
PACKAGES = ["clang", "gcc", "libbpf-dev", "libc-bin", "mmdebstrap"]


def cache_folder() -> Path:
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "runtime-security" / "lab"


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Two builds at once would remove each other's folders; the kernel ends the lock with the process."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"lab: waiting for another build in {folder}", file=sys.stderr, flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def install_programs() -> None:
    """The tools the builds call. Go itself is left to whoever runs this: which one is a choice."""
    if not shutil.which("go"):
        raise BuildError("the program go is not in PATH; install Go 1.26 or newer")
    done = subprocess.run([Path(__file__).parents[1] / "tools" / "packages.sh", *PACKAGES], check=False)
    if done.returncode != 0:
        raise BuildError(f"install the Debian packages {', '.join(PACKAGES)} by hand")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--list", action="store_true", help="print the parts and whether each is up to date")
    parser.add_argument("parts", nargs="*", metavar="PART", help="parts to build; the bundle when none is named")
    arguments = parser.parse_args()
    builder = Builder(all_parts(), cache_folder(), say)
    unknown = set(arguments.parts) - set(builder.parts)
    if unknown:
        parser.error(f"no part is called {', '.join(sorted(unknown))}; the parts are {', '.join(builder.parts)}")
    if arguments.list:
        for name in builder.parts:
            say(f"{'up to date' if builder.is_made(name) else 'to build':10}  {name}")
        return 0
    wanted = arguments.parts or ["bundle"]
    try:
        install_programs()
        with locked(cache_folder()):
            builder.build(wanted)
    except BuildError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    for name in wanted:
        say(f"lab: {name} is in {builder.folder(name)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
