# The way out where the machine's own binaries are missing and may not be installed.
# shellcheck shell=bash

docker_answers() {
  docker info >/dev/null 2>&1 && docker compose version >/dev/null 2>&1
}

in_compose() { # in_compose ARGUMENTS...
  WAYPOST_POSTGRES_PORT=$(recorded postgres.port) WAYPOST_RABBITMQ_PORT=$(recorded rabbitmq.port) \
    WAYPOST_REDIS_PORT=$(recorded redis.port) \
    docker compose --project-name "waypost-$(printf '%s' "$root" | cksum | cut -d' ' -f1)" \
    --file "$root/docker-compose.yml" "$@"
}

docker_start() { # docker_start SERVICE...
  local service
  for service in "$@"; do
    record "$service.port" "$(free_port "$(recorded "$service.port")")"
    record "$service.docker" yes
  done
  in_compose up --detach --wait "$@" >&2
}

docker_stop() { # docker_stop SERVICE
  in_compose rm --stop --force "$1" >&2
  forget "$1.docker"
}
