#!/usr/bin/env python3
"""A TLS server that lets in only clients with a certificate of the given CA.

Prints its port, serves connections one after the other, sends each the bytes of
standard input and closes, with close_notify. For each it prints the common name
of the client's certificate and the protocol agreed by ALPN, or "refused".
"""

import argparse
import socket
import ssl
import sys


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for option in ("--ca", "--cert", "--key"):
        parser.add_argument(option, required=True)
    parser.add_argument("--connections", type=int, default=1)
    options = parser.parse_args()
    data = sys.stdin.buffer.read()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.cert, options.key)
    context.load_verify_locations(options.ca)
    context.verify_mode = ssl.CERT_REQUIRED
    context.set_alpn_protocols(["feed/1"])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)
        print(listener.getsockname()[1], flush=True)
        for _ in range(options.connections):
            conn, _ = listener.accept()
            conn.settimeout(30)
            try:
                with context.wrap_socket(conn, server_side=True) as tls:
                    subject = dict(pair for (pair,) in tls.getpeercert()["subject"])
                    print(subject["commonName"], tls.selected_alpn_protocol(), flush=True)
                    tls.sendall(data)
                    tls.unwrap()
            except OSError:
                print("refused", flush=True)


main()
