"""Judges ThreadSanitizer's reports: python3 tsan_report.py SOURCE_DIR LOG_FILE...

Debian's gRPC, Abseil and Protobuf are not instrumented, so some reports are about locking that the sanitizer cannot see.
An access is ours when its first frame outside the sanitizer's interceptors and the headers of libraries is a file below
SOURCE_DIR. A report counts when both accesses are ours; when neither thread is one of gRPC's, one is enough. (gRPC
hands an object from thread to thread under locks that are not seen, so its birth in `new` seems to race with its use.)
Prints those that count, each once; exit 1 if any.
"""
import pathlib
import re
import sys

REPORT = re.compile(r"^WARNING: ThreadSanitizer: .*?^SUMMARY: .*?$", re.MULTILINE | re.DOTALL)
ACCESS = re.compile(r"^  (?:Previous )?(?:atomic )?(?:[Ww]rite|[Rr]ead) of size.*?(?=^\s*$)", re.MULTILINE | re.DOTALL)
INLINED = ("/usr/include/c++/", "/usr/include/x86_64-linux-gnu/c++/", "/usr/include/boost/")
FRAME = re.compile(r"^    #\d+ (?P<function>.*?) (?P<file>\S+?)(?::\d+)*(?: \(\S+\))?$", re.MULTILINE)


def is_library(path):
    return path.startswith(("/usr/", "<null>", "(")) or "gen/ccp/v1/" in path


def owner(stack, source):
    """The file that did this access, or None when a library did."""
    for frame in FRAME.finditer(stack):
        path = frame["file"]
        if "operator new" in frame["function"] or "operator delete" in frame["function"]:
            return None
        if "libsanitizer" in path or path.startswith(INLINED):
            continue  # Inlined into the caller: look at who called.
        if is_library(path):
            return None
        resolved = pathlib.Path(path)
        inside = not resolved.is_absolute() or source in resolved.parents
        return path if inside else None
    return None


def ours(report, source):
    if "data race" not in report.splitlines()[0]:
        return True  # A deadlock or a misuse of a lock: always worth a look.
    stacks = ACCESS.findall(report)
    mine = [owner(stack, source) for stack in stacks]
    return all(mine) if "grpc" in report else any(mine)


def main(arguments):
    source = pathlib.Path(arguments[0]).resolve()
    found, all_reports = {}, 0
    for name in arguments[1:]:
        for report in REPORT.findall(pathlib.Path(name).read_text(errors="replace")):
            all_reports += 1
            if ours(report, source):
                found.setdefault(report.splitlines()[-1], report)
    for report in found.values():
        print(report, end="\n\n")
    print(f"{all_reports} reports, {len(found)} of them in our own code")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
