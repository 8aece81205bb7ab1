"""Runs Yosys passes in a process of their own: a script, not a module to import.

Standard input holds JSON: ``{"progress": descriptor, "setup": [pass, …], "jobs": [{"passes": [pass,
…], "netlist": path}, …]}``. The set-up runs once; every job starts from the design it leaves and
ends with its netlist written as JSON. One line goes to the descriptor when the set-up is done and
one after each job; standard output and error have everything Yosys says.
"""

import json
import os
import sys


def main() -> None:
    """Do the work that standard input asks for."""
    order = json.load(sys.stdin)
    from pyosys import libyosys  # takes a fifth of a second, and prints

    design = libyosys.Design()
    for command in [*order["setup"], "design -save setup"]:
        libyosys.run_pass(command, design)
    os.write(order["progress"], b"\n")
    for job in order["jobs"]:
        libyosys.run_pass("design -load setup", design)
        for command in [*job["passes"], f"write_json {job['netlist']}"]:
            libyosys.run_pass(command, design)
        os.write(order["progress"], b"\n")


if __name__ == "__main__":
    main()
