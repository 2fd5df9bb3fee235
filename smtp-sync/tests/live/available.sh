#!/bin/bash
# available.sh [postfix|aiosmtpd|dovecot|sink]...: exit status 0 when the servers named (all, when none is) can be started here.
# Otherwise 1, and what is missing on stdout.
set -euo pipefail
. "$(dirname "$0")/common.sh"

[ $# -gt 0 ] || set -- postfix aiosmtpd dovecot sink
status=0
for server; do
  "has_$server" || { echo "$server cannot be started here; as root, $LIVE/install.sh installs it"; status=1; }
done
exit $status
