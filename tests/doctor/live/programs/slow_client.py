"""A client that does as it is told, a word a line: stop, slow, all, close. Tells its port first."""
import socket
import sys
import threading
import time

RECEIVE_BUFFER = 1 << 20  # It takes a while to fill.

client = socket.socket()
client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
client.connect((sys.argv[1], int(sys.argv[2])))
mode = "stop"
print(client.getsockname()[1], flush=True)


def read():
    while mode != "close":
        if mode == "all" and client.recv(1 << 20):
            continue
        if mode == "slow":
            client.recv(200)
        time.sleep(0.01)


threading.Thread(target=read, daemon=True).start()
for line in sys.stdin:
    mode = line.strip()
    if mode == "close":
        client.close()
    print(mode, flush=True)
