#!/bin/bash
# install.sh: installs what the live tests need (Debian packages and a Python venv). Quick when nothing is missing.
# Root is needed only for missing packages. No daemon is started.
set -euo pipefail
. "$(dirname "$0")/common.sh"

packages=()
need() { command -v "$1" >/dev/null || packages+=("${@:2}"); }
need postfix postfix
need saslpasswd2 sasl2-bin
[ -x /usr/sbin/dovecot ] || packages+=(dovecot-core)
[ -e /usr/lib/dovecot/lmtp ] || packages+=(dovecot-lmtpd)
[ -e /usr/lib/dovecot/submission ] || packages+=(dovecot-submissiond)
need openssl openssl
need python3 python3 python3-venv
plugin=(/usr/lib/*/sasl2/libplain.so)
[ -e "${plugin[0]}" ] || packages+=(libsasl2-modules)

if [ ${#packages[@]} -gt 0 ]; then
  echo "install: ${packages[*]}"
  export DEBIAN_FRONTEND=noninteractive
  policy=/usr/sbin/policy-rc.d # its exit status 101 forbids packages to start services
  if [ ! -e $policy ]; then
    trap 'rm -f $policy' EXIT
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod +x $policy
  fi
  apt-get -o DPkg::Lock::Timeout=300 -qq update
  echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections
  apt-get -o DPkg::Lock::Timeout=300 -qq -y --no-install-recommends install "${packages[@]}" >/dev/null
fi

if ! has_aiosmtpd; then
  echo "install: aiosmtpd $AIOSMTPD"
  python3 -m venv --clear "$VENV"
  "$VENV/bin/pip" install --quiet "aiosmtpd==$AIOSMTPD"
fi
