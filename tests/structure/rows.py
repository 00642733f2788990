#!/usr/bin/env python3
"""Checks that every row of tests/golden/rows.md is shown by tests, and that the tests it names exist.

    tests/structure/rows.py BIN_DIRECTORY [--self-test]

A row: `- 1.01 What must hold. - Table/Row Suite.Test ...`. Tests are those of the GoogleTest programs in BIN_DIRECTORY, as
Table/Row (a row of a parameterised test) or Suite.Test, and those of the Python suites, as Class.test_name.
Prints rows covered / rows. Exit 0 when all are covered and nothing is named that does not exist.
"""
import ast
import pathlib
import re
import subprocess
import sys

TESTS = pathlib.Path(__file__).resolve().parent.parent
ROW = re.compile(r"- (?P<number>\d[\d.]*) (?P<promise>.+?)(?: - (?P<tests>[\w./ ]+))?")


def read_rows(text):
    """Yields (number, [tests]) for each row, and fails on a list item that is none."""
    for line in text.splitlines():
        if not line.startswith("- "):
            continue
        row = ROW.fullmatch(line)
        if row is None:
            sys.exit(f"not a row: {line}")
        yield row["number"], (row["tests"] or "").split()


def names_of_gtest(listing):
    """The names that rows.md may use for the tests of a --gtest_list_tests listing."""
    suite = ""
    for line in listing.splitlines():
        name = line.split("#")[0].strip()
        if not line.startswith(" "):
            suite = name
        elif "/" in suite:
            yield f"{suite.split('/')[0]}/{name.split('/')[-1]}"
        else:
            yield suite + name


def names_of_python(source):
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef):
            yield from (f"{node.name}.{method.name}" for method in node.body
                        if isinstance(method, ast.FunctionDef) and method.name.startswith("test_"))


def known_tests(bin_directory):
    names = set()
    for program in sorted(pathlib.Path(bin_directory).glob("test_*")):
        listing = subprocess.run([program, "--gtest_list_tests"], capture_output=True, text=True, check=True).stdout
        names.update(names_of_gtest(listing))
    for folder in ("integration", "clients"):
        for path in (TESTS / folder).glob("test_*.py"):
            names.update(names_of_python(path.read_text()))
    return names


def problems(rows, known):
    numbers = set()
    for number, tests in rows:
        if number in numbers:
            yield f"{number}: stands there twice"
        numbers.add(number)
        if not tests:
            yield f"{number}: no test shows it"
        yield from (f"{number}: there is no test {test}" for test in tests if test not in known)


def self_test():
    listing = "Suite.\n  Test\nTable/SuiteTest.\n  Does/Row  # GetParam() = 1\n"
    known = set(names_of_gtest(listing)) | set(names_of_python("class C:\n  def test_x(self): pass\n  def y(self): pass"))
    assert known == {"Suite.Test", "Table/Row", "C.test_x"}, known
    rows = list(read_rows("- 1.1 a - b. - Table/Row Suite.Test\n- 1.2 c.\n- 1.1 d. - C.test_x Gone.Test\n"))
    found = list(problems(rows, known))
    assert found == ["1.2: no test shows it", "1.1: stands there twice", "1.1: there is no test Gone.Test"], found


def main():
    if "--self-test" in sys.argv:
        return self_test()
    rows = list(read_rows((TESTS / "golden" / "rows.md").read_text()))
    found = list(problems(rows, known_tests(sys.argv[1])))
    covered = len({number for number, _ in rows} - {problem.split(":")[0] for problem in found})
    print("\n".join([*found, f"rows covered: {covered} of {len(rows)}"]))
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
