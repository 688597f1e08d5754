import subprocess
import sys

KILLED = """
import os, signal
from bridge.bench.load import busy
with busy(1):
    os.kill(os.getpid(), signal.SIGKILL)
"""
LEFT = "from bridge.bench.load import busy\nwith busy(2): pass"


def test_busy_processes_end_with_what_they_are_beside_however_that_ends() -> None:
    for program in (LEFT, KILLED):  # they hold the pipe: while one lives this waits
        subprocess.run([sys.executable, "-c", program], check=False, timeout=60, capture_output=True)
