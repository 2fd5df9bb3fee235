#!/bin/bash
# aiosmtpd.sh DIR PORTBASE: aiosmtpd on 127.0.0.1. See README.md.
set -euo pipefail
. "$(dirname "$0")/common.sh"
[ $# = 2 ] || die "usage: aiosmtpd.sh DIR PORTBASE"
has_aiosmtpd || die "aiosmtpd $AIOSMTPD is not installed; install.sh does it"
base=$2
[ "$base" != 0 ] || free_block
"$LIVE/ca.sh" "$1/ca"
export PYTHONDONTWRITEBYTECODE=1
exec "$VENV/bin/python" -W ignore "$LIVE/aiosmtpd_server.py" "$1" "$base"
