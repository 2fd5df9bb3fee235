#!/bin/bash
# dovecot.sh DIR PORTBASE: Dovecot's LMTP and submission on 127.0.0.1, all state under DIR. See README.md.
set -euo pipefail
. "$(dirname "$0")/common.sh"
[ $# = 2 ] || die "usage: dovecot.sh DIR PORTBASE"
has_dovecot || die "Dovecot cannot be started here; install.sh, as root, installs it"

mkdir -p "$1"
dir=$(cd "$1" && pwd)
[ ! -e "$dir/dovecot.conf" ] || die "$dir has been used"
chmod 755 "$dir"
enterable "$dir"
base=$2
[ "$base" != 0 ] || free_block
mkdir -p "$dir"/{run,state,mail,relayed,keys/default/HS256}
chown nobody "$dir/mail" "$dir/relayed"
"$LIVE/ca.sh" "$dir/ca"

# The user full has room for ten octets.
{
  for user in alice bob carol; do echo "$user:{PLAIN}s3cret::::::"; done
  echo 'full:{PLAIN}s3cret::::::userdb_quota_rule=*:bytes=10'
} >"$dir/users"

# A token is a JWT that Dovecot verifies by itself, without asking anybody.
secret=a-key-for-tests-only
printf %s $secret | base64 | tr -d '\n' >"$dir/keys/default/HS256/default"
url() { base64 -w 0 | tr '+/' '-_' | tr -d =; }
token() { # SECRET
  local text
  text=$(printf '{"alg":"HS256","typ":"JWT"}' | url).$(printf '{"sub":"alice","iss":"lab","iat":1000000000,"exp":4000000000}' | url)
  printf %s "$text.$(printf %s "$text" | openssl dgst -sha256 -hmac "$1" -binary | url)"
}
token $secret >"$dir/token"
cat >"$dir/oauth2.conf" <<C
introspection_mode = local
local_validation_key_dict = fs:posix:prefix=$dir/keys/
username_attribute = sub
tokeninfo_url =
C
chmod -R a+rX "$dir/keys" "$dir/users" "$dir/oauth2.conf"

cat >"$dir/dovecot.conf" <<C
base_dir = $dir/run
state_dir = $dir/state
log_path = $dir/log
protocols = lmtp submission
listen = 127.0.0.1
hostname = mx.lab.test
postmaster_address = postmaster@lab.test
ssl = yes
ssl_cert = <$dir/ca/server.pem
ssl_key = <$dir/ca/server.key
disable_plaintext_auth = yes
auth_mechanisms = plain xoauth2 oauthbearer
auth_username_format = %Ln
auth_failure_delay = 0
first_valid_uid = 1
mail_uid = $(id -u nobody)
mail_gid = $(id -g nobody)
mail_location = maildir:$dir/mail/%n
mail_plugins = quota
plugin {
  quota = count:User quota
  quota_vsizes = yes
}
# Otherwise it would be refused at RCPT.
lmtp_rcpt_check_quota = no
submission_relay_host = 127.0.0.1
submission_relay_port = $((base + 2))
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = $dir/oauth2.conf
}
passdb {
  driver = passwd-file
  mechanisms = plain
  args = scheme=PLAIN username_format=%n $dir/users
}
userdb {
  driver = passwd-file
  args = username_format=%n $dir/users
  override_fields = uid=$(id -u nobody) gid=$(id -g nobody) home=$dir/mail/%n
}
# No growing delay after failed logins.
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = $base
  }
}
service submission-login {
  inet_listener submission {
    port = $((base + 1))
  }
}
C

/usr/sbin/smtp-sink -4 -u nobody -h relay.lab.test -d "$dir/relayed/m." "127.0.0.1:$((base + 2))" 64 \
  </dev/null >"$dir/relay.log" 2>&1 &
sink=$!
/usr/sbin/dovecot -F -c "$dir/dovecot.conf" </dev/null >"$dir/start.log" 2>&1 &
dovecot=$!
# Dovecot's processes end with the first of them, which says when that is.
stop() {
  kill $dovecot $sink 2>/dev/null || true
  while kill -0 $dovecot 2>/dev/null; do sleep 0.02; done
}
trap stop EXIT
trap 'exit 0' TERM INT HUP
for try in {1..500}; do
  answers "$base" && answers $((base + 1)) && answers $((base + 2)) && break
  [ "$try" != 500 ] && kill -0 $dovecot || { cat "$dir/start.log" "$dir/log" >&2; die "did not start"; }
  sleep 0.02
done
printf '{"name":"dovecot","version":"%s","ports":{"lmtp":%d,"submission":%d},"ca":"%s","mail":"%s","token":"%s","pid":%d}\n' \
  "$(/usr/sbin/dovecot --version | cut -d' ' -f1)" "$base" $((base + 1)) "$dir/ca/ca.pem" "$dir/mail" "$(cat "$dir/token")" $dovecot
run_until_end stop
