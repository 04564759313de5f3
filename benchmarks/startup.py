"""How long the command takes to answer, as a ratio to the floor: a Python that imports argparse and json.

Run: python -m benchmarks.startup

Measured on 2026-11-26, nothing else running (Python 3.11, 2 cores):

floor (argparse, json)            22 ms    1.00 x the floor
astroferry --help                 88 ms    3.96 x the floor
astroferry --version              80 ms    3.59 x the floor
import textual.app               476 ms   21.41 x the floor
"""

from __future__ import annotations

import subprocess
import sys
import time

ROUNDS = 15
PEERS = {
    "floor (argparse, json)": ["-c", "import argparse, json"],
    "astroferry --help": ["-m", "astroferry", "--help"],
    "astroferry --version": ["-m", "astroferry", "--version"],
    "import textual.app": ["-c", "import textual.app"],
}


def best(words: list[str]) -> float:
    """Seconds of the quickest of ROUNDS runs."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        subprocess.run([sys.executable, *words], check=True, capture_output=True)
        times.append(time.perf_counter() - began)
    return min(times)


def main() -> None:
    """Measure all side by side in this one run, and print ratios."""
    found = {name: best(words) for name, words in PEERS.items()}
    floor = found["floor (argparse, json)"]
    for name, seconds in found.items():
        print(f"{name:28} {seconds * 1000:7.0f} ms   {seconds / floor:5.2f} x the floor")


if __name__ == "__main__":
    main()
