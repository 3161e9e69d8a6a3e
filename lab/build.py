#!/usr/bin/env python3
"""Builds the lab's bundle from package registries: Go modules, Debian packages and the Python index.

lab/build.py              build what is missing and print the bundle's folder
lab/build.py PART ...     build only these parts and what they need
lab/build.py --list       print the parts, and whether each is up to date
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from engine import Builder, BuildError, say
from parts import all_parts

# Programs and the Debian packages that have them.
PROGRAMS = {
    "clang": "clang",
    "gcc": "gcc",
    "go": "golang",
    "ldd": "libc-bin",
    "llvm-strip": "llvm",
    "mmdebstrap": "mmdebstrap",
}


def cache_folder() -> Path:
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "runtime-security" / "lab"


def install_programs() -> None:
    """The tools the builds call; on Debian they are installed when one is missing."""
    missing = [package for program, package in PROGRAMS.items() if not shutil.which(program)]
    if not missing:
        return
    say(f"lab: installing {', '.join(missing)}")
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-qq", "-y", "--no-install-recommends", *missing],
    ):
        done = subprocess.run(
            command, env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"}, stdout=subprocess.DEVNULL, check=False
        )
        if done.returncode != 0:
            raise BuildError(
                f"'{' '.join(command)}' ended with {done.returncode}; install {', '.join(missing)} by hand"
            )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--list", action="store_true", help="print the parts and whether each is up to date")
    parser.add_argument("parts", nargs="*", metavar="PART", help="parts to build; all when none is named")
    arguments = parser.parse_args()
    builder = Builder(all_parts(), cache_folder(), say)
    unknown = set(arguments.parts) - set(builder.parts)
    if unknown:
        parser.error(f"no part is called {', '.join(sorted(unknown))}; the parts are {', '.join(builder.parts)}")
    if arguments.list:
        for name in builder.parts:
            say(f"{'up to date' if builder.is_made(name) else 'to build':10}  {name}")
        return 0
    try:
        install_programs()
        builder.build(arguments.parts)
    except BuildError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    for name in arguments.parts or ["bundle"]:
        say(f"lab: {name} is in {builder.folder(name)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
