#!/usr/bin/env python3
"""Installs the pinned clients of package-lock.json into a directory of the build tree: install.py DIRECTORY."""
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent


def main():
    directory = pathlib.Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    lock = (HERE / "package-lock.json").read_bytes()
    stamp = directory / "installed"
    if stamp.exists() and stamp.read_bytes() == lock:
        print(f"the clients in {directory} are those of package-lock.json")
        return
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, directory / name)
    for attempt in (1, 2, 3):  # A registry may have a bad moment; a wrong checksum stays wrong.
        done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=directory, check=False)
        if done.returncode == 0:
            break
        print(f"npm ci failed ({attempt} of 3)", file=sys.stderr)
    else:
        sys.exit(1)
    stamp.write_bytes(lock)


if __name__ == "__main__":
    main()
