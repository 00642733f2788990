#!/usr/bin/env python3
"""Checks who includes whom: the rules of the house (README.md, "Who may include whom").

    tests/structure/layers.py [--root DIR] [--self-test]

Reads every #include in C++ sources and reports each that crosses a wall, with file and line. Exit 0 when there is none.
"""
import argparse
import pathlib
import re
import sys
import tempfile

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')

# Room (longest matching prefix wins) -> prefixes of our own headers that it may include.
PURE = ["common/base/text.h", "common/base/units.h", "common/base/error.h", "common/base/id.h", "common/json/"]
MAY_INCLUDE = {
    "common/base/": ["common/base/", "common/json/"],
    "common/json/": ["common/json/", "common/base/text.h"],
    "common/config/": PURE + ["common/config/"],
    "common/route/": PURE + ["common/config/", "common/route/"],
    "common/usage/": PURE + ["common/config/", "common/usage/"],
    "common/messages/": PURE + ["common/messages/"],
    "common/tokens/": PURE + ["common/messages/", "common/tokens/"],
    "common/wire/": ["common/", "ccp/v1/"],
    "edge/translate/": PURE + ["common/config/", "common/route/", "common/usage/", "common/messages/", "common/tokens/",
                        "edge/translate/"],
    "edge/": ["common/", "edge/", "ccp/v1/"],
    "control/": ["common/", "control/", "ccp/v1/"],
    "tools/mock_provider/": ["common/", "edge/http/", "tools/mock_provider/"],
    "tools/": ["common/", "edge/", "control/", "tools/", "ccp/v1/"],
    "tests/": ["common/", "edge/", "control/", "tools/", "tests/", "ccp/v1/"],
}

# Header pattern -> rooms that may include it.
RESTRICTED = [
    (re.compile(r"^(ccp/v1/|grpcpp/|grpc/|google/protobuf/)"),
     ["common/wire/", "edge/link/", "edge/usage/", "control/", "tools/", "tests/"]),
    (re.compile(r"^boost/(asio|beast)"),
     ["edge/http/", "edge/api/", "edge/upstream/", "edge/app/", "control/web/", "tools/", "tests/"]),
]

# What a pure room must not touch: sockets, files, threads, clocks, randomness, environment, logs.
PURE_ROOMS = ["common/config/", "common/route/", "common/usage/", "common/tokens/", "edge/translate/"]
IMPURE = re.compile(r"^(thread|mutex|atomic|condition_variable|fstream|iostream|filesystem|random|future|"
                    r"sys/|unistd\.h|netinet/|arpa/|spdlog/|common/base/log\.h)")
IMPURE_FILES = {  # The documented exceptions.
    "common/tokens/vocabulary_file.cc", "common/tokens/vocabulary_file.h",
}


def room_of(path, table):
    fitting = [prefix for prefix in table if path.startswith(prefix)]
    return max(fitting, key=len) if fitting else None


def own_header(root, header):
    return (root / header).is_file() or header.startswith("ccp/v1/")


def check_include(root, path, header):
    """Yields what is wrong with `path` including `header`."""
    room = room_of(path, MAY_INCLUDE)
    if room and own_header(root, header) and not any(header.startswith(p) for p in MAY_INCLUDE[room]):
        yield f"{room} may not include {header}"
    for pattern, rooms in RESTRICTED:
        if pattern.match(header) and not any(path.startswith(r) for r in rooms):
            yield f"{header} is only for {' '.join(rooms)}"
    if any(path.startswith(r) for r in PURE_ROOMS) and path not in IMPURE_FILES and IMPURE.match(header):
        yield f"{header} in a pure room"


def check_tree(root):
    problems = []
    for path in sorted(p for pattern in ("*.h", "*.cc") for p in root.rglob(pattern)):
        name = path.relative_to(root).as_posix()
        if name.startswith(("build/", ".")) or "node_modules/" in name:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if path.suffix == ".h" and "#pragma once" not in text:
            problems.append(f"{name}:1: no #pragma once")
        for number, line in enumerate(text.splitlines(), 1):
            match = INCLUDE.match(line)
            if match:
                problems += [f"{name}:{number}: {p}" for p in check_include(root, name, match.group(2))]
    return problems


def self_test():
    """The checker must find planted faults: a check that cannot fail is none."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        planted = {
            "edge/api/a.cc": '#include "control/app/app.h"\n',
            "control/app/app.h": "#pragma once\n",
            "edge/translate/b.cc": "#include <thread>\n#include <grpcpp/grpcpp.h>\n",
            "common/route/c.h": "int x;\n",
        }
        for name, text in planted.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        found = check_tree(root)
        return len(found) == 4, found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[2])
    parser.add_argument("--self-test", action="store_true")
    options = parser.parse_args()
    if options.self_test:
        ok, found = self_test()
        print("\n".join(found))
        return 0 if ok else 1
    problems = check_tree(options.root)
    print("\n".join(problems) or "every include stays within its walls")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
