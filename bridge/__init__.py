"""The live daemon (three processes: port, brain, control), its command line and the headless render."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy: matrices are small here, and others have to play
