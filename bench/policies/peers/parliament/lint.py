"""Lints the policies of a folder with parliament, and says how much CPU time a policy takes.

    python lint.py FOLDER SECONDS

The protocol is that of every contender: see ../../contender.go.
"""

import json
import pathlib
import sys
import time
import warnings

warnings.filterwarnings("ignore", message="pkg_resources is deprecated")

import parliament  # noqa: E402

policies = [path.read_text() for path in sorted(pathlib.Path(sys.argv[1]).glob("*.json"))]


def passes(limit):
    """Lints each policy once, again and again until the CPU time is used up."""
    began = time.process_time()
    count = findings = 0
    while True:
        for text in policies:
            findings += len(parliament.analyze_policy_string(text).findings)
        count += len(policies)
        used = time.process_time() - began
        if used >= limit:
            return {"count": count, "seconds": used, "findings": findings * len(policies) // count}


limit = float(sys.argv[2])
passes(limit)
print(json.dumps(passes(limit)))
