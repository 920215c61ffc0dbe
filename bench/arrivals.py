"""Reads what one run of arrivals.sh left behind and holds it against what was asked for.

    arrivals.py rate RATE SECONDS PREFIX
    arrivals.py frozen RATE WINDOW FREEZE PREFIX

PREFIX.out is the report, PREFIX_stats.csv and PREFIX_stats_history.csv are the files of --csv.
"""

import csv
import re
import sys


def row(prefix):
    with open(f"{prefix}_stats.csv", newline="") as file:
        return [row for row in csv.DictReader(file) if row["Name"] == "Aggregated"][-1]


def arrivals(prefix):
    with open(f"{prefix}.out") as file:
        line = next(line for line in file if line.startswith("Arrivals: "))
    due, started = map(int, re.match(r"Arrivals: (\d+) due, (\d+) started", line).groups())
    times = {name: float(value) for name, value in re.findall(r"(median|99%|largest) ([\d.]+) ms", line)}
    return due, started, times


def rate(wanted_rate, seconds, prefix):
    wanted = round(float(wanted_rate) * float(seconds))
    due, started, late = arrivals(prefix)
    requests = int(row(prefix)["Request Count"])
    off = abs(requests - wanted) / wanted
    good = off <= 0.001 and late["99%"] <= 1.0
    print(
        f"  {wanted_rate:>6}/s  {requests:>7} requests of {wanted} ({100 * off:.3f} % off), {started} of {due} started; "
        f"late by {late['median']:.2f} ms (median), {late['99%']:.2f} ms (99%), {late['largest']:.1f} ms (largest)"
        f"  {'ok' if good else 'OUT OF BOUNDS: 0.1 % and 1 ms at 99%'}"
    )
    return good


def frozen(_rate, window, freeze, prefix):
    window, freeze = float(window), float(freeze)
    measured_row, good = row(prefix), True
    for column in ["98%", "99%", "99.9%"]:
        formula = freeze - (1 - float(column[:-1]) / 100) * window
        if formula < 0.2 * freeze:
            continue
        measured = float(measured_row[column]) / 1000
        close = abs(measured / formula - 1) <= 0.03
        good = good and close
        print(f"  {column:>6}  {measured:.3f} s, by the formula {formula:.3f} s  {'ok' if close else 'OUT OF BOUNDS: 3 %'}")
    return good


if __name__ == "__main__":
    kind, *rest = sys.argv[1:]
    sys.exit(0 if {"rate": rate, "frozen": frozen}[kind](*rest) else 1)
