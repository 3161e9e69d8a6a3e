"""Builds parts once: each has inputs, a fingerprint of them, and a folder of its own for what it makes."""

from __future__ import annotations

import hashlib
import inspect
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

# Two builds side by side: while one links on a single core the other compiles.
WORKERS = 2
FINGERPRINT = ".fingerprint"


class BuildError(Exception):
    """A part that could not be made, and why."""


@dataclass
class Part:
    """One thing the lab builds.

    ``make`` fills an empty folder. ``inputs`` are files and folders whose content decides, with the text of ``make``,
    whether the part is up to date; ``facts`` are further words that do (versions, flags), ``needs`` are the parts whose
    folders it reads.
    """

    name: str
    make: Callable[[Context], None]
    inputs: list[Path] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)
    needs: list[str] = field(default_factory=list)


@dataclass
class Context:
    """What a part's ``make`` works with."""

    output: Path
    log: Path
    needed: dict[str, Path]

    def run(self, command: Iterable[object], cwd: Path | None = None, env: dict[str, str] | None = None) -> None:
        words = [str(word) for word in command]
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"$ {' '.join(words)}\n")
            log.flush()
            done = subprocess.run(words, cwd=cwd, env=env, stdout=log, stderr=subprocess.STDOUT, check=False)
        if done.returncode != 0:
            tail = "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])
            raise BuildError(f"{words[0]} ended with {done.returncode}; the whole log is {self.log}\n{tail}")


class Builder:
    """Makes the parts that are missing or out of date, those they need first."""

    def __init__(self, parts: list[Part], cache: Path, say: Callable[[str], None]) -> None:
        self.parts = {part.name: part for part in parts}
        self.cache = cache
        self.say = say
        self._digests: dict[str, str] = {}

    def folder(self, name: str) -> Path:
        return self.cache / "parts" / name

    def fingerprint(self, name: str) -> str:
        if name not in self._digests:
            part = self.parts[name]
            digest = hashlib.sha256(inspect.getsource(part.make).encode())
            for fact in part.facts:
                digest.update(f"fact {fact}\n".encode())
            for path in files_below(part.inputs):
                digest.update(
                    f"file {path.parent.name}/{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode()
                )
            for need in part.needs:
                digest.update(f"need {need} {self.fingerprint(need)}\n".encode())
            self._digests[name] = digest.hexdigest()
        return self._digests[name]

    def with_needs(self, names: Iterable[str]) -> set[str]:
        return set().union(*({name} | self.with_needs(self.parts[name].needs) for name in names))

    def is_made(self, name: str) -> bool:
        try:
            return (self.folder(name) / FINGERPRINT).read_text(encoding="utf-8") == self.fingerprint(name)
        except OSError:
            return False

    def build(self, names: Iterable[str] = ()) -> None:
        """Make the named parts, or all, and before them what they need."""
        wanted = self.with_needs(names) if names else set(self.parts)
        todo = [name for name in self.parts if name in wanted and not self.is_made(name)]
        if not todo:
            self.say(f"lab: {len(wanted)} of {len(wanted)} parts are up to date")
            return
        self.say(f"lab: {len(todo)} of {len(wanted)} parts to build: {', '.join(todo)}")
        started = time.monotonic()
        left = set(todo)
        running: dict[Future[float], str] = {}
        with ThreadPoolExecutor(WORKERS) as pool:
            while left or running:
                for name in [n for n in todo if n in left and not self._waits_for(n, left, running)]:
                    if len(running) == WORKERS:
                        break
                    left.remove(name)
                    running[pool.submit(self._make, name)] = name
                    self.say(f"lab: {name} ...")
                done, _pending = wait(running, timeout=60, return_when=FIRST_COMPLETED)
                if not done:
                    self.say(f"lab: still on {', '.join(running.values())}, {time.monotonic() - started:.0f} s so far")
                for future in done:
                    name = running.pop(future)
                    self.say(f"lab: {name} built in {future.result():.0f} s, {len(left) + len(running)} left")

    def _waits_for(self, name: str, left: set[str], running: dict[Future[float], str]) -> bool:
        unmade = left | set(running.values())
        return any(need in unmade for need in self.parts[name].needs)

    def _make(self, name: str) -> float:
        started = time.monotonic()
        part = self.parts[name]
        folder = self.folder(name)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        log = self.cache / "logs" / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.unlink(missing_ok=True)
        try:
            part.make(Context(folder, log, {need: self.folder(need) for need in part.needs}))
        except Exception as error:
            # Said at once: the other build that runs is waited for before the command ends.
            self.say(f"lab: {name} failed: {error}")
            raise BuildError(f"{name} failed; what is done stays done") from error
        (folder / FINGERPRINT).write_text(self.fingerprint(name), encoding="utf-8")
        return time.monotonic() - started


def files_below(paths: Iterable[Path]) -> list[Path]:
    """The files of the given files and folders, in a fixed order."""
    files: list[Path] = []
    for path in paths:
        files += (
            sorted(p for p in path.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
            if path.is_dir()
            else [path]
        )
    return files


_print_lock = threading.Lock()


def say(text: str) -> None:
    """Progress goes out line by line, also into a pipe."""
    with _print_lock:
        print(text, flush=True)
