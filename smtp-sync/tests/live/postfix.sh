#!/bin/bash
# postfix.sh DIR PORTBASE: a Postfix of its own on 127.0.0.1, all its state under DIR. See README.md.
set -euo pipefail
. "$(dirname "$0")/common.sh"
[ $# = 2 ] || die "usage: postfix.sh DIR PORTBASE"
has_postfix || die "Postfix cannot be started here; install.sh, as root, installs it"

mkdir -p "$1"
dir=$(cd "$1" && pwd)
chmod 711 "$dir"
enterable "$dir"
base=$2
[ "$base" != 0 ] || free_block

mkdir -p "$dir"/{etc/sasl,queue,data,mail}
chown postfix "$dir/data"
chown nobody "$dir/mail"
"$LIVE/ca.sh" "$dir/ca"

# sasl NAME MECHANISM...: what a port with this smtpd_sasl_path offers.
sasl() {
  cat >"$dir/etc/sasl/$1.conf" <<C
pwcheck_method: auxprop
auxprop_plugin: sasldb
sasldb_path: $dir/etc/sasl/users
mech_list: ${*:2}
C
}
mechanisms=(PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256)
sasl smtpd PLAIN LOGIN
sasl every "${mechanisms[@]}"
for mechanism in "${mechanisms[@]}"; do sasl "$mechanism" "$mechanism"; done
printf s3cret | saslpasswd2 -p -c -f "$dir/etc/sasl/users" -u lab.test alice
chgrp postfix "$dir/etc/sasl/users"
chmod 640 "$dir/etc/sasl/users"

{
  for user in alice bob carol u{0..199}; do echo "$user@lab.test $user/"; done
  for user in perm temp go421; do echo "$user@lab.test $user/"; done
  echo 'δοκιμή@lab.test utf8/'
} >"$dir/etc/mailboxes"
cat >"$dir/etc/recipients" <<'C'
perm@lab.test 550 5.7.1 Refused for good
temp@lab.test 450 4.2.1 Refused for now
go421@lab.test 421 4.3.2 Closing
C
cat >"$dir/etc/senders" <<'C'
reject@lab.test 554 5.7.1 Content refused
C

cat >"$dir/etc/main.cf" <<C
compatibility_level = 3.6
queue_directory = $dir/queue
data_directory = $dir/data
command_directory = $(postconf -dh command_directory)
daemon_directory = $(postconf -dh daemon_directory)
maillog_file = $dir/log
maillog_file_prefixes = /
myhostname = mx.lab.test
mydomain = lab.test
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks =
alias_maps =
alias_database =
notify_classes =
local_transport = error:no local mail
default_transport = error:no relaying
virtual_mailbox_domains = lab.test
virtual_mailbox_maps = texthash:$dir/etc/mailboxes
virtual_mailbox_base = $dir/mail
virtual_mailbox_limit = 0
virtual_minimum_uid = 1
virtual_uid_maps = static:$(id -u nobody)
virtual_gid_maps = static:$(id -g nobody)
message_size_limit = 20971520
smtputf8_enable = yes
smtpd_forbid_bare_newline = reject
smtpd_forbid_bare_newline_exclusions =
smtpd_recipient_limit = 150
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 900
smtpd_hard_error_limit = 1000
smtpd_client_connection_count_limit = 0
smtpd_timeout = 60s
smtpd_tls_security_level = may
smtpd_tls_chain_files = $dir/ca/server.key, $dir/ca/server.pem
smtpd_tls_received_header = yes
smtpd_tls_session_cache_database =
smtpd_sasl_auth_enable = yes
smtpd_sasl_authenticated_header = yes
smtpd_sasl_security_options = noanonymous
smtpd_sasl_local_domain = lab.test
smtpd_sasl_path = smtpd
# Debian 13 looks here; Debian 12 in the folder sasl of the configuration.
cyrus_sasl_config_path = $dir/etc/sasl
smtpd_relay_restrictions = reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access texthash:$dir/etc/recipients
smtpd_end_of_data_restrictions = check_sender_access texthash:$dir/etc/senders
C

cat >"$dir/etc/master.cf" <<C
127.0.0.1:$base inet n - n - - smtpd
127.0.0.1:$((base + 1)) inet n - n - - smtpd
  -o smtpd_tls_security_level=encrypt -o smtpd_tls_auth_only=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
127.0.0.1:$((base + 2)) inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
127.0.0.1:$((base + 3)) inet n - n - - smtpd
  -o message_size_limit=100000
127.0.0.1:$((base + 4)) inet n - n - - smtpd
  -o smtpd_sasl_path=every -o smtpd_tls_auth_only=yes
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
proxymap unix - - n - - proxymap
tlsmgr unix - - n 1000? 1 tlsmgr
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
C
ports="\"plain\":$base,\"submission\":$((base + 1)),\"smtps\":$((base + 2)),\"small\":$((base + 3)),\"every\":$((base + 4))"
port=$((base + 5))
for mechanism in "${mechanisms[@]}"; do
  printf '127.0.0.1:%d inet n - n - - smtpd\n  -o smtpd_sasl_path=%s\n' $port "$mechanism" >>"$dir/etc/master.cf"
  ports+=",\"$mechanism\":$port"
  port=$((port + 1))
done

printf '127.0.0.1:%d inet n - n - - smtpd\n' $port >>"$dir/etc/master.cf"
printf '  -o smtpd_authorized_%s_hosts=127.0.0.0/8\n' xclient xforward >>"$dir/etc/master.cf"
ports+=",\"trusted\":$port"

# The daemons get no descriptor of this script: a reader of its output would wait for them too.
quiet() { "$@" </dev/null >>"$dir/start.log" 2>&1; }
# First those that speak to clients, as when one crashes: what they have handed over is still stored.
stop() {
  local child name
  for child in $(cat "/proc/${master:-none}/task/${master:-none}/children" 2>/dev/null); do
    read -r name 2>/dev/null <"/proc/$child/comm" || continue
    [ "$name" != smtpd ] || kill -KILL "$child" 2>/dev/null || true
  done
  quiet postfix -c "$dir/etc" stop || true
}
trap stop EXIT
trap 'exit 0' TERM INT HUP

# When it is started again: what nobody was told to be taken goes, the rest is delivered without waiting for its turn.
if [ -d "$dir/queue/incoming" ]; then
  find "$dir/queue/incoming" -type f ! -perm -u+x -delete
  find "$dir"/queue/{active,deferred} -type f -exec mv -t "$dir/queue/incoming" {} +
fi
quiet postfix -c "$dir/etc" start || { cat "$dir/start.log" >&2; die "did not start"; }
read -r master <"$dir/queue/pid/master.pid"
for try in {1..500}; do
  answers "$base" && break
  [ "$try" != 500 ] || { cat "$dir/log" >&2; die "does not answer on $base"; }
  sleep 0.02
done
printf '{"name":"postfix","version":"%s","ports":{%s},"ca":"%s","mail":"%s","pid":%d}\n' \
  "$(postconf -dh mail_version)" "$ports" "$dir/ca/ca.pem" "$dir/mail" "$master"
run_until_end stop
