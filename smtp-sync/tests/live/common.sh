# shellcheck shell=bash
# Sourced by the scripts beside it.
LIVE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
VENV=${SMTP_LIVE_VENV:-${XDG_CACHE_HOME:-$HOME/.cache}/smtp-ci/venv}
AIOSMTPD=1.4.6

die() {
  echo "$(basename "$0"): $*" >&2
  exit 1
}

has_aiosmtpd() {
  "$VENV/bin/python" -c "import aiosmtpd, sys; sys.exit(aiosmtpd.__version__ != '$AIOSMTPD')" 2>/dev/null
}

# has_postfix: Postfix needs root, its own users and the SASL tools.
has_postfix() {
  PATH=$PATH:/usr/sbin
  local plugin=(/usr/lib/*/sasl2/libplain.so)
  [ "$(id -u)" = 0 ] && command -v postfix saslpasswd2 openssl >/dev/null && [ -e "${plugin[0]}" ] &&
    getent passwd postfix >/dev/null && getent group postdrop >/dev/null
}

# has_dovecot: the protocols are packages of their own; smtp-sink, behind the submission, comes with Postfix.
has_dovecot() {
  [ "$(id -u)" = 0 ] && [ -x /usr/sbin/dovecot ] && command -v openssl >/dev/null &&
    [ -e /usr/lib/dovecot/lmtp ] && [ -e /usr/lib/dovecot/submission ] && has_sink
}

has_sink() { [ -x /usr/sbin/smtp-sink ]; }

# answers PORT: whether something accepts connections there.
answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Where runs beside one another agree on ports.
PORT_LOCKS=${TMPDIR:-/tmp}/smtp-live-ports

# free_block: sets `base` to the first of 16 free ports in a row, outside the range that the kernel gives to clients. No
# other run gets them until this process has ended, and all that inherit the descriptor of its lock.
free_block() {
  local try slot port lock
  mkdir -p -m 1777 "$PORT_LOCKS"
  for try in {1..500}; do
    slot=$(((RANDOM * 32768 + RANDOM + try) % 1250))
    exec {lock}>"$PORT_LOCKS/$slot"
    base=$((10000 + 16 * slot))
    if flock -n "$lock"; then
      # Something else may use them.
      for ((port = base; port < base + 16; port++)); do ! answers $port || break; done
      [ $port -lt $((base + 16)) ] || return 0
    fi
    exec {lock}>&-
  done
  die "no free ports"
}

# enterable DIR: daemons that are not root must get through each folder above.
enterable() {
  local at=$1
  until [ "$at" = / ]; do
    [ $((0$(stat -c %a "$at") & 1)) = 1 ] || die "other users cannot enter $at: take a DIR elsewhere"
    at=$(dirname "$at")
  done
}

# run_until_end STOP...: until standard input ends, that is, until the process that started this one ends, or a signal;
# then STOP. The one that waits for the former is a process of its own, which stops the server even when this one is
# killed.
run_until_end() {
  local stop=("$@")
  (
    while read -r _; do :; done
    "${stop[@]}"
  ) <&0 >/dev/null 2>&1 &
  keeper=$!
  # shellcheck disable=SC2064
  trap "kill $keeper 2>/dev/null || true; ${stop[*]@Q}" EXIT
  wait $keeper
}
