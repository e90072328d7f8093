"""How fast, how large, how right: measured beside what it cannot beat, in one run (`make bench`)."""
