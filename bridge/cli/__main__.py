"""`python -m bridge.cli`: the command without its script."""

from bridge.cli import main

main(prog_name="continuo")
