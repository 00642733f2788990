"""The planted race must be found: python3 canary.py PROGRAM SOURCE_DIR"""
import glob
import os
import subprocess
import sys
import tempfile

import tsan_report

program, source = sys.argv[1:]
with tempfile.TemporaryDirectory() as directory:
    log = os.path.join(directory, "tsan")
    subprocess.run([program], env={**os.environ, "TSAN_OPTIONS": f"log_path={log}"}, check=True)
    if tsan_report.main([source, *glob.glob(log + ".*")]) == 0:
        sys.exit("the planted race was not found: a suppression hides too much")
print("the planted race was found, as it must be")
