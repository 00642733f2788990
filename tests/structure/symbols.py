#!/usr/bin/env python3
"""Checks that no two of our libraries define the same thing: the linker would silently take either one.

    tests/structure/symbols.py BUILD_DIRECTORY [--self-test]

Two rooms that both have a class Connection in one namespace link without a word, and then one room's objects are closed by the
other's Close(). A function that is defined out of line in one archive must not be defined in another, in whatever way.
Exit 0 when there is none.
"""
import pathlib
import subprocess
import sys
import tempfile


def definitions(archive):
    """{symbol: kinds} of what an archive defines in namespace ccp: T and D out of line, W and V inline."""
    lines = subprocess.run(["nm", "--defined-only", "--demangle", archive], capture_output=True, text=True,
                           check=True).stdout.splitlines()
    found = {}
    for line in lines:
        parts = line.split(" ", 2)
        if len(parts) == 3 and parts[1] in "TDBRWV" and parts[2].startswith("ccp::"):
            found.setdefault(parts[2], set()).add(parts[1])
    return found


def clashes(archives):
    """Yields what is defined out of line in one archive and again in another."""
    homes = {}
    for archive in archives:
        for symbol, kinds in definitions(archive).items():
            homes.setdefault(symbol, []).append((archive.name, kinds))
    for symbol, places in sorted(homes.items()):
        out_of_line = any(kinds & set("TDBR") for _, kinds in places)
        if len(places) > 1 and out_of_line:
            yield f"{symbol} is defined in {' and '.join(sorted(name for name, _ in places))}"


def self_test():
    with tempfile.TemporaryDirectory() as directory:
        root = pathlib.Path(directory)
        sources = {"a": "namespace ccp { struct C { void Close(); }; void C::Close() {} }",
                   "b": "namespace ccp { struct C { void Close() {} }; void Use() { C().Close(); } }",
                   "c": "namespace ccp { struct D { void Close() {} }; void Other() { D().Close(); } }"}
        for name, text in sources.items():
            (root / f"{name}.cc").write_text(text)
            subprocess.run(["c++", "-c", root / f"{name}.cc", "-o", root / f"{name}.o"], check=True)
            subprocess.run(["ar", "rcs", root / f"libccp_{name}.a", root / f"{name}.o"], check=True)
        found = list(clashes(sorted(root.glob("libccp_*.a"))))
        assert found == ["ccp::C::Close() is defined in libccp_a.a and libccp_b.a"], found


def main():
    if "--self-test" in sys.argv:
        return self_test()
    archives = sorted(pathlib.Path(sys.argv[1]).rglob("libccp_*.a"))
    if not archives:
        sys.exit(f"no libccp_*.a below {sys.argv[1]}: build first")
    problems = list(clashes(archives))
    print("\n".join(problems) or f"{len(archives)} libraries, no symbol defined twice")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
