#!/bin/bash
# ca.sh DIR: makes a private CA, DIR/ca.pem, and a certificate from it, DIR/server.pem with DIR/server.key,
# for localhost, mx.lab.test, 127.0.0.1 and ::1. The keys are for tests and readable by all.
set -euo pipefail
[ ! -e "$1/server.pem" ] || exit 0 # a server that is started again keeps its own
mkdir -p "$1"
cd "$1"
key=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
openssl req -x509 "${key[@]}" -keyout ca.key -out ca.pem -days 3650 -subj '/CN=SMTP test CA' \
  -addext 'basicConstraints=critical,CA:TRUE' -addext 'keyUsage=critical,keyCertSign' 2>/dev/null
openssl req "${key[@]}" -keyout server.key -out server.csr -subj /CN=mx.lab.test 2>/dev/null
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 365 -out server.pem -extfile - 2>/dev/null <<X
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost, DNS:mx.lab.test, IP:127.0.0.1, IP:::1
X
rm -f server.csr ca.srl
chmod 644 ./*.key
