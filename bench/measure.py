"""Runs one load generator and notes what it cost, or sums up the notes.

    measure.py run RESULTS CASE TOOL CSV_PREFIX -- COMMAND..
    measure.py summary RESULTS

The cost is the child's own account (wait4): user and system time, and its peak resident memory. Requests are what the
generator itself reports; a generator that reports a failed request ends the measurement, because failures are cheap.
"""

import csv
import json
import os
import re
import statistics
import subprocess
import sys


def wrk_requests(output, _prefix):
    if re.search(r"Non-2xx|Socket errors|wrong answers: [1-9]", output):
        sys.exit(f"measure: wrk had failures\n{output}")
    return int(re.search(r"(\d+) requests in", output).group(1))


def katydid_requests(_output, prefix):
    with open(f"{prefix}_stats.csv", newline="") as file:
        row = [row for row in csv.DictReader(file) if row["Name"] == "Aggregated"][-1]
    if int(row["Failure Count"]) > 0:
        sys.exit(f"measure: katydid had {row['Failure Count']} failures; see {prefix}_failures.csv")
    return int(row["Request Count"])


COUNTERS = {"wrk": wrk_requests, "katydid": katydid_requests}


def run(results, case, tool, prefix, command):
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    output = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"measure: {tool} ended with status {os.waitstatus_to_exitcode(status)}\n{output}")
    requests = COUNTERS[tool](output, prefix)
    note = {
        "case": case,
        "tool": tool,
        "requests": requests,
        "user_us": usage.ru_utime * 1e6 / requests,
        "system_us": usage.ru_stime * 1e6 / requests,
        "peak_mb": usage.ru_maxrss / 1024,
    }
    with open(results, "a") as file:
        file.write(json.dumps(note) + "\n")
    print(line(case, tool, note), flush=True)


def line(case, tool, note):
    total = note["user_us"] + note["system_us"]
    parts = f"user {note['user_us']:.2f} + system {note['system_us']:.2f}"
    return f"  {case:<12} {tool:<8} {note['requests']:>9} requests  {total:6.2f} us CPU each ({parts})  peak {note['peak_mb']:.1f} MB"


def summary(results):
    with open(results) as file:
        notes = [json.loads(text) for text in file]
    series = {}
    for note in notes:
        series.setdefault((note["case"], note["tool"]), []).append(note)
    print("\nmedians")
    for (case, tool), rounds in series.items():
        middle = {key: statistics.median(note[key] for note in rounds) for key in rounds[0] if key not in ("case", "tool")}
        print(line(case, tool, {**middle, "requests": round(middle["requests"])}))
    for case in ("single", "three_tasks"):
        pairs = list(zip(series.get((case, "katydid"), []), series.get((case, "wrk"), [])))
        if pairs:
            cost = lambda note: note["user_us"] + note["system_us"]
            ratio = statistics.median(cost(mine) / cost(its) for mine, its in pairs)
            print(f"  {case:<12} katydid / wrk = {ratio:.2f} (median of {len(pairs)} rounds)")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["run", results, case, tool, prefix, "--", *command]:
            run(results, case, tool, prefix, command)
        case ["summary", results]:
            summary(results)
        case _:
            sys.exit(__doc__)
