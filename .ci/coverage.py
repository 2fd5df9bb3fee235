"""coverage.py LCOV EXCLUSIONS PERCENT: counts the lines of smtp-proto/src that were run, and prints those that were not.

An exclusion is a file, a TAB, a part of the function's or item's first line, a TAB, and the reason; it holds for the lines
from there to the end of the item, which is the next line that is indented no more.
"""

import sys
from collections import Counter
from pathlib import Path


def runs(path):
    """Each file of the core with how often each of its lines was run."""
    found, lines = {}, None
    for record in Path(path).read_text().splitlines():
        key, _, value = record.partition(":")
        if key == "SF":
            _, core, name = value.partition("/smtp-proto/src/")
            lines = found.setdefault(name, {}) if core else None
        elif key == "DA" and lines is not None:
            line, count = value.split(",")[:2]
            lines[int(line)] = lines.get(int(line), 0) + int(count)
    return found


def branches(path):
    """Each branch of the core, `(file, line)` and what tells it apart, with how often it was taken; a nightly's alone."""
    found, name = Counter(), ""
    for record in Path(path).read_text().splitlines():
        key, _, value = record.partition(":")
        if key == "SF":
            name = value.partition("/smtp-proto/src/")[2]
        elif key == "BRDA" and name:
            line, block, branch, taken = value.split(",")
            found[name, int(line), block, branch] += 0 if taken == "-" else int(taken)
    return found


def excluded(source, part):
    """The lines of the items that begin with a line that has this part."""
    for start, text in enumerate(source):
        if part in text:
            indent = len(text) - len(text.lstrip())
            yield start + 1
            for at in range(start + 1, len(source)):
                line = source[at]
                if line.strip() and len(line) - len(line.lstrip()) <= indent:
                    yield at + 1
                    break
                yield at + 1


def main(lcov, exclusions, percent):
    found, stale = runs(lcov), []
    for name, lines in found.items():
        # Examples stand in comments.
        source = Path("smtp-proto/src", name).read_text().splitlines()
        found[name] = {line: n for line, n in lines.items() if not source[line - 1].lstrip().startswith("//")}
    for row in Path(exclusions).read_text().splitlines():
        if row and not row.startswith("#"):
            name, part, _reason = row.split("\t")
            lines = set(excluded(Path("smtp-proto/src", name).read_text().splitlines(), part))
            if not lines:
                stale.append(row)
            found[name] = {line: n for line, n in found[name].items() if line not in lines}
    total = sum(map(len, found.values()))
    missed = {name: sorted(line for line, n in lines.items() if not n) for name, lines in found.items()}
    for name, lines in sorted(missed.items()):
        if lines:
            print(f"{name}: {' '.join(map(str, lines))}")
    share = 100 * (1 - sum(map(len, missed.values())) / total)
    print(f"{share:.2f} % of {total} lines")
    counted = {key: taken for key, taken in branches(lcov).items() if key[1] in found[key[0]]}
    if counted:
        untaken = Counter(key[:2] for key, taken in counted.items() if not taken)
        print("branches not taken:", *sorted(f"{name}:{line}" for name, line in untaken))
        print(f"{100 * (1 - untaken.total() / len(counted)):.2f} % of {len(counted)} branches")
    return stale and f"no such item: {stale}" or share < float(percent) and f"less than {percent} %"


sys.exit(main(*sys.argv[1:]) or 0)
