"""A network that breaks anywhere: mail is read and sent by the daemon's own steps over a bad line.

python -m tests.campaigns.faults --protocol smtp --server sink --kinds cut
python -m tests.campaigns.faults --protocol smtp --server postfix --every 25 --kinds cut,reset
python -m tests.campaigns.faults --protocol smtp --tls --every 10 --kinds cut,reset,corrupt,trickle,stall
python -m tests.campaigns.faults --protocol imap --every 250
python -m tests.campaigns.faults --protocol imap --tls --every 100
"""

import argparse
import logging

from tests.campaigns import imap_faults, smtp_faults
from tests.campaigns.table import conclude
from tests.servers.relay import KINDS


def main() -> None:
    """Run it as a program."""
    arguments = argparse.ArgumentParser(prog="python -m tests.campaigns.faults")
    arguments.add_argument("--protocol", choices=("imap", "smtp"), required=True)
    arguments.add_argument("--every", type=int, default=1, help="break at every n-th byte")
    arguments.add_argument("--seed", type=int, default=0, help="at which byte to begin")
    arguments.add_argument("--tls", action="store_true")
    smtp = arguments.add_argument_group("smtp")
    smtp.add_argument("--server", choices=("sink", "postfix"), default="sink")
    smtp.add_argument("--kinds", default="cut", help=f"in turn: {','.join(KINDS)}")
    whats = ",".join(one.name.lower() for one in smtp_faults.What)
    smtp.add_argument("--what", default=whats, help="which mails, and whether copies are filed")
    imap = arguments.add_argument_group("imap")
    imap.add_argument("--share", type=int, default=1, help="only one in so many of the faults")
    given = arguments.parse_args()
    logging.getLogger("maildaemon").setLevel(logging.CRITICAL)
    if given.protocol == "imap":
        conclude(
            lambda: imap_faults.campaign(
                tls=given.tls, every=given.every, share=given.share, seed=given.seed
            )
        )
    sweep = smtp_faults.Sweep(given.every, kinds=given.kinds.split(","), seed=given.seed)
    what = tuple(smtp_faults.What[one.upper()] for one in given.what.split(","))
    conclude(lambda: smtp_faults.campaign(given.server, sweep, tls=given.tls, whats=what))


if __name__ == "__main__":
    main()
