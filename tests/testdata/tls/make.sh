#!/bin/sh
# Makes the certificates of the TLS tests: a CA with a server and a client
# certificate, a second CA that signed neither, and what is often wrong with a
# server's: out of date, without a name, signed by itself as a CA. The others are
# valid for a hundred years.
set -eu
cd "$(dirname "$0")"

DAYS=36500

self_signed() { # name, extension
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days "$DAYS" \
    -subj "/CN=Spillway test $1" -addext "basicConstraints=critical,CA:TRUE" \
    -addext "$2" -keyout "$1.key" -out "$1.pem"
}

signed() { # name, days, extension...
  name=$1
  days=$2
  shift 2
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -subj "/CN=Spillway test $name" -keyout "$name.key" -out "$name.csr"
  printf '%s\n' basicConstraints=CA:FALSE "$@" > "$name.ext"
  openssl x509 -req -in "$name.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days "$days" \
    -extfile "$name.ext" -out "$name.pem"
  rm "$name.csr" "$name.ext"
}

self_signed ca keyUsage=critical,keyCertSign
self_signed other_ca keyUsage=critical,keyCertSign
self_signed self_signed subjectAltName=IP:127.0.0.1
signed server "$DAYS" extendedKeyUsage=serverAuth subjectAltName=DNS:localhost,IP:127.0.0.1
signed client "$DAYS" extendedKeyUsage=clientAuth subjectAltName=DNS:client
signed expired -1 extendedKeyUsage=serverAuth subjectAltName=IP:127.0.0.1
signed nameless "$DAYS" extendedKeyUsage=serverAuth
rm ca.key other_ca.key ca.srl
