# A private Redis: loopback alone, nothing on disk (it holds a cache of what PostgreSQL knows).
# shellcheck shell=bash

redis_program() { command -v redis-server || command -v valkey-server; }
redis_found() { redis_program >/dev/null; }
redis_mark() { echo "-server 127.0.0.1:$(recorded redis.port)"; } # the title the server gives itself
redis_url() { echo "redis://127.0.0.1:$1"; }
redis_signal() { echo TERM; }

redis_start() { # redis_start PORT
  local folder
  folder=$(folder_of redis)
  launch redis redis "$folder" "$(redis_program)" --bind 127.0.0.1 --port "$1" --dir "$folder" \
    --save "" --appendonly no --daemonize no
}

redis_answers() { # redis_answers PORT
  [[ $(ask "$1" 'PING\r\n' 5) == +PONG ]]
}
