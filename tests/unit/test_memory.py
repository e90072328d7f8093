"""What memory the threads of a process take."""

import subprocess
import sys
from pathlib import Path

# Counts the places from which glibc hands out memory, while eight threads hold some.
_COUNTING = """
import ctypes, sys, threading
from pathlib import Path
from maildaemon.adapters.memory import share_one_arena

if "shared" in sys.argv:
    share_one_arena()
libc = ctypes.CDLL(None)
libc.malloc.restype = libc.fopen.restype = ctypes.c_void_p
libc.malloc_info.argtypes = [ctypes.c_int, ctypes.c_void_p]
libc.fclose.argtypes = [ctypes.c_void_p]
held, seen = threading.Barrier(9), threading.Barrier(9)

def hold():
    libc.malloc(5000)
    held.wait()
    seen.wait()

for _ in range(8):
    threading.Thread(target=hold).start()
held.wait()
told = libc.fopen(sys.argv[1].encode(), b"w")
libc.malloc_info(0, told)
libc.fclose(told)
seen.wait()
print(Path(sys.argv[1]).read_text().count("<heap nr="))
"""


def test_all_threads_take_memory_from_one_place(tmp_path: Path) -> None:
    def arenas(*given: str) -> int:
        command = [sys.executable, "-c", _COUNTING, f"{tmp_path}/told", *given]
        return int(subprocess.run(command, check=True, capture_output=True).stdout)

    assert arenas() > 1
    assert arenas("shared") == 1
