# Waypost itself in the background: its addresses, its environment, its first key.
# shellcheck shell=bash

waypost_mark() { echo "/waypost up"; }

# The one-number set-up. Given values go through as they are; the rest is the simulator's.
# shellcheck disable=SC2034 # the arguments are used by `up`
waypost_environment() {
  waypost_arguments=(up)
  if [[ -z ${WHATSAPP_ACCESS_TOKEN:-} ]]; then
    waypost_arguments+=(--with-sim)
    export WAYPOST_SIM_ADDR=${WAYPOST_SIM_ADDR:-127.0.0.1:$(free_port 8090)}
    record waypost.simulator "$WAYPOST_SIM_ADDR"
    export WHATSAPP_ACCESS_TOKEN=simulated-access-token
    export WHATSAPP_PHONE_NUMBER_ID=${WHATSAPP_PHONE_NUMBER_ID:-106540352242922}
    export WHATSAPP_BUSINESS_ACCOUNT_ID=${WHATSAPP_BUSINESS_ACCOUNT_ID:-102290129340398}
    export META_APP_ID=${META_APP_ID:-1000000000000001}
    export META_APP_SECRET=${META_APP_SECRET:-simulated-app-secret}
    export META_VERIFY_TOKEN=${META_VERIFY_TOKEN:-simulated-verify-token}
  fi
  export WAYPOST_INGRESS_ADDR=${WAYPOST_INGRESS_ADDR:-127.0.0.1:$(free_port 8080)}
  export WAYPOST_ADMIN_ADDR=${WAYPOST_ADMIN_ADDR:-127.0.0.1:$(free_port 8081)}
  record waypost.ingress "$WAYPOST_INGRESS_ADDR"
  record waypost.admin "$WAYPOST_ADMIN_ADDR"
  record waypost.number "${WHATSAPP_PHONE_NUMBER_ID:-}"
}

waypost_ready() {
  local address answer
  for address in "$(recorded waypost.ingress)" "$(recorded waypost.admin)"; do
    answer=$(ask "${address##*:}" 'GET /readyz HTTP/1.0\r\n\r\n' 12)
    [[ $answer == HTTP/1.?" 200" ]] || return 1
  done
}

# Keeps the key of the last time while it still opens the API: the database may be another by now.
waypost_api_key() {
  local file=$local_dir/api-key address answer
  address=$(recorded waypost.admin)
  if [[ -s $file ]]; then
    answer=$(ask "${address##*:}" "GET /v1/messages HTTP/1.0\\r\\nAuthorization: Bearer $(<"$file")\\r\\n\\r\\n" 12)
    [[ $answer != HTTP/1.?" 200" ]] || return 0
  fi
  (umask 077 && "$waypost" api-key create --tenant default >"$file") || die "waypost api-key create failed"
}

waypost_greeting() {
  local admin ingress
  admin=http://$(recorded waypost.admin)
  ingress=http://$(recorded waypost.ingress)
  cat <<END

Waypost is ready (process $(recorded waypost.pid), make down ends it).

  API             $admin/v1
  API reference   $admin/docs
  health          $admin/readyz
  metrics         $admin/metrics
  webhooks        $ingress/webhooks/whatsapp
  log             $(log_of waypost)

Send a first message:

  curl -sS $admin/v1/messages \\
    -H "Authorization: Bearer \$(cat '$local_dir/api-key')" \\
    -H 'Content-Type: application/json' \\
    -H "Idempotency-Key: hello-\$(date +%s)" \\
    -d '{"from":"$(recorded waypost.number)","to":"${WHATSAPP_DEFAULT_RECIPIENT:-+4915112345678}","type":"text","text":{"body":"Hello from Waypost"}}'

END
}
