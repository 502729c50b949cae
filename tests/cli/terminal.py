"""Runs a command on a terminal of its own and passes on what it shows, and its exit code.

Types Ctrl-C as soon as it shows what the environment's INTERRUPT_AT says.
"""
import os
import pty
import sys
import time

interrupt_at = os.environ.get("INTERRUPT_AT", "").encode()
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
while True:
    try:
        shown = os.read(terminal, 65536)
    except OSError:  # Linux tells the end so.
        break
    if not shown:
        break
    sys.stdout.buffer.write(shown)
    if interrupt_at and interrupt_at in shown:
        time.sleep(0.3)  # Deno discards what was typed before its question.
        os.write(terminal, b"\x03")
sys.stdout.buffer.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
