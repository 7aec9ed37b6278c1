# Shared ground of the scripts beside this folder: paths, state, processes, ports. Sourced by bash.
# shellcheck shell=bash
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
local_dir=${WAYPOST_LOCAL_DIR:-$root/.local} # elsewhere: servers for one purpose alone, beside those of the checkout
state=$local_dir/state # who runs where: SERVICE.pid, SERVICE.port; written by the caller alone
# shellcheck disable=SC2034 # used by the scripts that source this
all_services=(postgres rabbitmq redis)

say() { printf '%s\n' "$*" >&2; }
die() {
  say "error: $*"
  exit 1
}

is_root() { ((EUID == 0)); }

# Two runs in one checkout take turns. The lock ends with the script: `launch` hands it to nobody.
take_turn() {
  mkdir -p "$state"
  command -v flock >/dev/null || return 0
  exec 9>"$state/lock"
  flock -w 120 9 || die "another run holds $state/lock for two minutes"
}

recorded() { # recorded NAME: the value, or nothing
  [[ ! -f $state/$1 ]] || cat "$state/$1"
}

record() { # record NAME VALUE
  mkdir -p "$state"
  printf '%s\n' "$2" >"$state/$1"
}

# A checkout that was copied with its .local must not take the original's servers for its own.
[[ ! -d $state || $(recorded root) == "$root" ]] || rm -f "$state"/*.pid "$state"/*.port "$state"/*.docker "$state/home"
record root "$root"

forget() { rm -f "$state/$1"; }

# The account a server runs under. PostgreSQL refuses root, so root drops to the package's own
# account, or to nobody; everyone else runs the servers as himself.
account() { # account SERVICE
  local name
  is_root || { id -un && return; }
  for name in "$1" nobody; do
    ! id -u "$name" >/dev/null 2>&1 || { echo "$name" && return; }
  done
  die "no account to run $1 under: root may not, and there is no user nobody"
}

as_account() { # as_account SERVICE COMMAND...
  local name
  name=$(account "$1")
  shift
  if is_root; then
    setpriv --reuid "$name" --regid "$(id -g "$name")" --init-groups -- "$@"
  else
    "$@"
  fi
}

# The servers' home: .local/services, unless an account of theirs cannot get there or a script of
# RabbitMQ's would break on the path; then a folder in /var/tmp, recorded here.
services_home() {
  local home
  home=$(recorded home)
  if [[ -z $home || ! -d $home ]]; then
    home=$local_dir/services
    mkdir -p "$home"
    suits "$home" || home=$(mktemp -d /var/tmp/waypost-XXXXXXXX)
    chmod 755 "$home"
    record home "$home"
  fi
  echo "$home"
}

suits() { # suits DIRECTORY
  local service
  [[ $1 =~ ^[A-Za-z0-9_./-]+$ && ${#1} -le 120 ]] || return 1
  is_root || return 0
  for service in "${all_services[@]}"; do
    as_account "$service" test -x "$1" || return 1
  done
  : >"$1/.owned" && chown "$(account postgres)" "$1/.owned" 2>/dev/null && rm -f "$1/.owned"
}

folder_of() { # folder_of SERVICE: made when missing, owned by its account
  local folder
  folder=$(services_home)/$1
  mkdir -p "$folder"
  ! is_root || chown "$(account "$1")" "$folder"
  chmod 700 "$folder"
  echo "$folder"
}

# Starts a server apart from this environment, under its account.
launch() { # launch NAME ACCOUNT-OF FOLDER COMMAND...
  local name=$1 of=$2 folder=$3 drop=()
  shift 3
  ! is_root || drop=(setpriv --reuid "$(account "$of")" --regid "$(id -g "$(account "$of")")" --init-groups --)
  spawn "$name" "$folder" ${drop[@]+"${drop[@]}"} env -i PATH="$PATH" LANG=C.UTF-8 HOME="$folder" "$@"
}

# Starts a process apart from this terminal and records it.
spawn() { # spawn NAME FOLDER COMMAND...
  local name=$1 folder=$2 detach=()
  shift 2
  ! command -v setsid >/dev/null || detach=(setsid)
  (
    cd "$folder"
    close_inherited
    exec ${detach[@]+"${detach[@]}"} "$@"
  ) </dev/null >>"$(log_of "$name")" 2>&1 &
  record "$name.pid" $!
}

log_of() { echo "$local_dir/log/$1.log"; }

# A server must not keep a lock or a pipe of its starter's open.
close_inherited() {
  local path fd
  for path in /proc/"$BASHPID"/fd/*; do
    fd=${path##*/}
    [[ ! $fd =~ ^[0-9]+$ ]] || ((fd < 3)) || eval "exec $fd>&-"
  done
}

command_line() { # command_line PID
  if [[ -d /proc/self ]]; then
    tr '\0' ' ' 2>/dev/null <"/proc/$1/cmdline" || true
  else
    ps -o command= -p "$1" || true
  fi
}

# Whether the recorded process lives and is still ours: a number alone may belong to another
# process after a restart of the machine.
runs() { # runs NAME MARK
  local pid
  pid=$(recorded "$1.pid")
  [[ -n $pid && " $(command_line "$pid")" == *"$2"* ]]
}

stop() { # stop NAME MARK [SIGNAL]
  local pid tries
  pid=$(recorded "$1.pid")
  if runs "$1" "$2"; then
    kill -s "${3:-TERM}" "$pid"
    for ((tries = 0; tries < 300; tries++)); do
      runs "$1" "$2" || break
      sleep 0.1
    done
    if runs "$1" "$2"; then
      say "$1 ($pid) did not stop within 30 s: ending it"
      kill -s KILL "$pid"
    fi
  fi
  forget "$1.pid"
}

# Waits for a server of ours to answer; fails as soon as its process is gone.
await() { # await NAME PROBE...
  local name=$1 pid tries
  shift
  pid=$(recorded "$name.pid")
  for ((tries = 0; tries < 900; tries++)); do
    ! "$@" || return 0
    kill -0 "$pid" 2>/dev/null || return 1
    sleep 0.1
  done
  return 1
}

# Below the range that the kernel hands to outgoing connections, so that none of them takes the
# port between this look and the server's start.
free_port() { # free_port [WANTED]
  local port=${1:-} tries
  for ((tries = 0; tries < 200; tries++)); do
    if [[ -n $port ]] && ! in_use "$port"; then
      echo "$port"
      return
    fi
    port=$((20000 + (RANDOM * 32768 + RANDOM) % 10000))
  done
  die "found no free port between 20000 and 29999"
}

# Whether somebody listens (state 0A): what is left of connections to a server that has ended keeps
# its next start from nothing.
in_use() { # in_use PORT
  local hex
  if [[ -r /proc/net/tcp ]]; then
    hex=$(printf ':%04X' "$1")
    awk -v port="$hex" '$4 == "0A" && substr($2, length($2) - 4) == port { found = 1 } END { exit !found }' \
      <(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null)
  else
    (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null
  fi
}

# Sends bytes (a printf format) to a local port and prints the first COUNT bytes of the answer.
ask() { # ask PORT BYTES COUNT
  (
    exec 3<>"/dev/tcp/127.0.0.1/$1"
    # shellcheck disable=SC2059 # the format is ours and carries the control bytes
    printf "$2" >&3
    LC_ALL=C IFS='' read -r -t 2 -N "$3" answer <&3
    printf '%s' "$answer"
  ) 2>/dev/null
}
