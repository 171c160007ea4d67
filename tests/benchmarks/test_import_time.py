"""What `import keras_regkit` adds to `import keras`, in fresh processes, interleaved.

pytest tests/benchmarks/test_import_time.py --benchmark -n0 -s
"""

import subprocess
import sys

from measuring import write_table

ROUNDS = 3
PROGRAM = """
import time
import keras
start = time.perf_counter()
import keras_regkit
print(time.perf_counter() - start)
"""
WITHOUT = """
import time
start = time.perf_counter()
import keras
print(time.perf_counter() - start)
"""


def seconds(program):
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return float(result.stdout.split()[-1])


def test_import_time():
    added, host = [], []
    for _ in range(ROUNDS):
        host.append(seconds(WITHOUT))
        added.append(seconds(PROGRAM))
    rows = [
        {"import": name, "median s": f"{sorted(times)[ROUNDS // 2]:.3f}", "worst s": f"{max(times):.3f}"}
        for name, times in (("keras", host), ("keras_regkit, after keras", added))
    ]
    write_table("import-time", rows)
