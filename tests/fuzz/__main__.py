"""Fuzzes what reads strangers' bytes.

python -m tests.fuzz TARGET… --minutes N [--seed S] [--from FOLDER …] [--keep FOLDER]

TARGET is parser, quotes, bounces, files, verdicts, imap, config or all; the minutes are for each. Inputs that break a
promise are made small and kept; the exit code is 1 if there are any. `--from` adds mails to begin
with: a folder of corpora, or of any mails.
"""

import argparse
import sys
from pathlib import Path

from maildaemon.mail.language import warm_up
from tests.fuzz.campaign import Campaign
from tests.fuzz.targets import targets


def main() -> int:
    given = _arguments()
    chosen = [one for one in targets() if {one.name, "all"} & {*given.targets}]
    warm_up()
    sound = True
    for target in chosen:
        campaign = Campaign(target, given.keep, given.seed)
        campaign.run(given.minutes * 60, given.folders)
        print(
            f"{target.name}: {campaign.executed} inputs in {given.minutes:g} minutes,"
            f" {campaign.shapes} shapes of answers, {len(campaign.found)} flaws",
            flush=True,
        )
        for name, flaw in campaign.found.items():
            print(f"  {given.keep / name}.eml: {flaw}")
        sound = sound and not campaign.found
    return 0 if sound else 1


def _arguments() -> argparse.Namespace:
    names = [one.name for one in targets()]
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="+", choices=[*names, "all"], metavar="TARGET")
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--from", dest="folders", type=Path, action="append", default=[])
    parser.add_argument("--keep", type=Path, default=Path(".fuzz"))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
