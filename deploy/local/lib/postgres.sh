# A private PostgreSQL: trusted on the loopback address alone, fsync on, 300 connections.
# shellcheck shell=bash

postgres_programs() { # the folder of initdb and postgres, newest version first
  local folder
  for folder in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV) \
    "$(pg_config --bindir 2>/dev/null || true)" "$(dirname "$(command -v initdb || echo /none/.)")"; do
    [[ -x $folder/initdb && -x $folder/postgres ]] && echo "$folder" && return
  done
  return 1
}

postgres_found() { postgres_programs >/dev/null; }

postgres_data() { # one folder for each major version: a newer server does not read an older one's
  local version
  version=$("$(postgres_programs)/postgres" --version)
  version=${version#*) }
  echo "$(services_home)/postgres/${version%%.*}"
}

postgres_mark() { echo " -D $(services_home)/postgres/"; }
postgres_url() { echo "postgres://postgres@127.0.0.1:$1/postgres"; }
postgres_signal() { echo INT; } # ends sessions, writes a checkpoint, exits

postgres_start() { # postgres_start PORT
  local programs folder data
  programs=$(postgres_programs)
  folder=$(folder_of postgres)
  data=$(postgres_data)
  if [[ ! -s $data/global/pg_control ]]; then
    rm -rf "$data"
    (cd "$folder" && as_account postgres "$programs/initdb" --pgdata "$data" --username postgres \
      --auth trust --encoding UTF8 --locale C --no-sync) >"$(log_of initdb)" 2>&1 ||
      die "initdb failed: see $(log_of initdb)"
  fi
  postgres_drop_stale_lock "$data"
  launch postgres postgres "$folder" "$programs/postgres" -D "$data" -p "$1" \
    -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=300 \
    -c shared_buffers=256MB -c max_wal_size=2GB -c logging_collector=off
}

# After a crash of the machine the number in the lock file may be another process's, and the
# server would refuse to start because of it.
postgres_drop_stale_lock() { # postgres_drop_stale_lock DATA
  local pid
  [[ -f $1/postmaster.pid ]] || return 0
  pid=$(head -n 1 "$1/postmaster.pid")
  if [[ $(command_line "$pid") == *" -D $1 "* ]]; then
    record postgres.pid "$pid"
    stop postgres "$(postgres_mark)" "$(postgres_signal)"
  fi
  rm -f "$1/postmaster.pid"
}

postgres_answers() { # postgres_answers PORT
  "$(postgres_programs)/pg_isready" -q -h 127.0.0.1 -p "$1" -t 2
}
