#!/bin/bash
# ports.sh: prints the first of 16 free ports in a row, and keeps other runs from them until its standard input ends.
# See README.md.
set -euo pipefail
. "$(dirname "$0")/common.sh"
free_block
echo "$base"
while read -r _; do :; done
