"""What the parser and its child process say to each other; it needs no library on either side."""

import struct

READY = b"ready\n"

# The lengths of what follows. A request: the languages as JSON, the raw message. An answer: the
# message as JSON, and a JSON list of (sha256, length) of the contents that come after it.
REQUEST = struct.Struct(">IQ")
ANSWER = struct.Struct(">QQ")
