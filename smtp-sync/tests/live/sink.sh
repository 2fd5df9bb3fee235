#!/bin/bash
# sink.sh DIR PORT [OPTION...]: smtp-sink on 127.0.0.1 with these options of its own. See README.md.
set -euo pipefail
. "$(dirname "$0")/common.sh"
[ $# -ge 2 ] || die "usage: sink.sh DIR PORT [OPTION...]"
has_sink || die "smtp-sink is not installed; install.sh does it"
mkdir -p "$1/mail"
dir=$(cd "$1" && pwd)
base=$2
[ "$base" != 0 ] || free_block
port=$base

user=()
if [ "$(id -u)" = 0 ]; then
  enterable "$(dirname "$dir")"
  chmod 711 "$dir"
  chown nobody "$dir/mail"
  user=(-u nobody)
fi
/usr/sbin/smtp-sink "${user[@]}" -4 -h sink.lab.test -d "$dir/mail/m." "${@:3}" "127.0.0.1:$port" 64 \
  </dev/null >"$dir/log" 2>&1 &
sink=$!
stop() { kill $sink 2>/dev/null || true; }
trap stop EXIT
trap 'exit 0' TERM INT HUP
# Not by a connection: that would count as a session (-n), and wait where it is told to be slow.
listening() { grep -qi ":$(printf %04X "$port") 00000000:0000 0A" /proc/net/tcp; }
for try in {1..500}; do
  listening && break
  [ "$try" != 500 ] && kill -0 $sink 2>/dev/null || { cat "$dir/log" >&2; die "does not listen on $port"; }
  sleep 0.01
done
printf '{"name":"sink","ports":{"plain":%d},"mail":"%s","pid":%d}\n' "$port" "$dir/mail" $sink
run_until_end stop
