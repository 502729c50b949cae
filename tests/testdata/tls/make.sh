#!/bin/sh
# Makes the certificates of the TLS tests: a CA with a server and a client
# certificate, and a second CA that signed neither. Valid for a hundred years.
set -eu
cd "$(dirname "$0")"

ca() { # name
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500 \
    -subj "/CN=Spillway test $1" -addext "basicConstraints=critical,CA:TRUE" \
    -addext "keyUsage=critical,keyCertSign" -keyout "$1.key" -out "$1.pem"
}

signed() { # name, extended key usage, subject alternative names
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -subj "/CN=Spillway test $1" -keyout "$1.key" -out "$1.csr"
  printf 'basicConstraints=CA:FALSE\nextendedKeyUsage=%s\nsubjectAltName=%s\n' "$2" "$3" > "$1.ext"
  openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 36500 \
    -extfile "$1.ext" -out "$1.pem"
  rm "$1.csr" "$1.ext"
}

ca ca
ca other_ca
signed server serverAuth "DNS:localhost,IP:127.0.0.1"
signed client clientAuth "DNS:client"
rm ca.key other_ca.key ca.srl
