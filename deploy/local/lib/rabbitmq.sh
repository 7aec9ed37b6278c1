# A private RabbitMQ with an epmd of its own: no file, node name or port of the system's is used.
# shellcheck shell=bash

# Debian's /usr/sbin/rabbitmq-server changes the account and the folder; the script behind it does not.
rabbitmq_program() {
  local program
  for program in /usr/lib/rabbitmq/bin/rabbitmq-server /usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server \
    "$(readlink -f "$(command -v rabbitmq-server || echo /none)")"; do
    [[ -x $program ]] && echo "$program" && return
  done
  return 1
}

rabbitmq_found() { rabbitmq_program >/dev/null && rabbitmq_epmd >/dev/null; }

rabbitmq_epmd() {
  local program
  for program in "$(command -v epmd || true)" /usr/lib/erlang/bin/epmd /usr/lib/erlang/erts-*/bin/epmd; do
    [[ -x $program ]] && echo "$program" && return
  done
  return 1
}

rabbitmq_node() { echo "waypost-$(printf '%s' "$root" | cksum | cut -d' ' -f1)@localhost"; }
rabbitmq_mark() { echo " -waypost $(services_home)/rabbitmq "; } # an argument that Erlang ignores
rabbitmq_url() { echo "amqp://guest:guest@127.0.0.1:$1/%2f"; }
rabbitmq_signal() { echo TERM; }
epmd_mark() { echo " -port $(recorded epmd.port)"; }

rabbitmq_start() { # rabbitmq_start PORT
  local folder epmd_port
  folder=$(folder_of rabbitmq)
  rabbitmq_stop_epmd
  epmd_port=$(free_port "$(recorded epmd.port)")
  record epmd.port "$epmd_port"
  launch epmd rabbitmq "$folder" "$(rabbitmq_epmd)" -address 127.0.0.1 -port "$epmd_port"
  rabbitmq_configure "$folder" "$1"
  # Every queue and connection holds files; the usual soft limit of 1,024 is too few for the tests.
  ulimit -n "$(ulimit -Hn)" 2>/dev/null || true
  launch rabbitmq rabbitmq "$folder" \
    RUNNING_UNDER_SYSTEMD=true `# the script becomes the server, so the recorded process is the server` \
    RABBITMQ_NODENAME="$(rabbitmq_node)" \
    RABBITMQ_NODE_PORT="$1" \
    RABBITMQ_DIST_PORT="$(free_port)" \
    ERL_EPMD_PORT="$epmd_port" \
    ERL_EPMD_ADDRESS=127.0.0.1 \
    ERL_CRASH_DUMP="$folder/erl_crash.dump" \
    RABBITMQ_CONF_ENV_FILE="$folder/rabbitmq-env.conf" \
    RABBITMQ_CONFIG_FILE="$folder/rabbitmq.conf" \
    RABBITMQ_CONFIG_FILES="$folder/conf.d" \
    RABBITMQ_ADVANCED_CONFIG_FILE="$folder/advanced.config" \
    RABBITMQ_ENABLED_PLUGINS_FILE="$folder/enabled_plugins" \
    RABBITMQ_GENERATED_CONFIG_DIR="$folder/generated" \
    RABBITMQ_SCHEMA_DIR="$folder/schema" \
    RABBITMQ_MNESIA_BASE="$folder/mnesia" \
    RABBITMQ_LOG_BASE="$folder/log" \
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-kernel inet_dist_use_interface {127,0,0,1} -waypost $folder" \
    "$(rabbitmq_program)"
}

rabbitmq_configure() { # rabbitmq_configure FOLDER PORT
  mkdir -p "$1"/{conf.d,generated,schema,mnesia,log}
  cat >"$1/rabbitmq.conf" <<END
listeners.tcp.local = 127.0.0.1:$2
# A laptop's disk may be nearly full, and a blocked publisher would look like a fault of ours.
disk_free_limit.absolute = 50MB
vm_memory_high_watermark.relative = 0.3
log.console = false
log.file.level = info
END
  : >"$1/rabbitmq-env.conf"
  echo '[].' | tee "$1/enabled_plugins" >"$1/advanced.config"
  ! is_root || chown -R "$(account rabbitmq)" "$1"
}

# RabbitMQ opens its listener as the last step of its start.
rabbitmq_answers() { # rabbitmq_answers PORT
  [[ $(ask "$1" 'AMQP\0\0\11\1' 1) == $'\1' ]]
}

rabbitmq_stop_epmd() { stop epmd "$(epmd_mark)"; }

# rabbitmqctl against our node; its account and home have the cookie.
rabbitmq_control() { # rabbitmq_control ARGUMENTS...
  local folder
  folder=$(folder_of rabbitmq)
  (cd "$folder" && as_account rabbitmq env -i PATH="$PATH" LANG=C.UTF-8 HOME="$folder" \
    RABBITMQ_NODENAME="$(rabbitmq_node)" \
    RABBITMQ_CONF_ENV_FILE="$folder/rabbitmq-env.conf" \
    ERL_EPMD_PORT="$(recorded epmd.port)" \
    "$(dirname "$(rabbitmq_program)")/rabbitmqctl" "$@")
}
