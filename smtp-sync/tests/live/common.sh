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

# answers PORT: whether something accepts connections there.
answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
