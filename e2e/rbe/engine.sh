# A remote execution engine on loopback: BuildGrid, its PostgreSQL, and a BuildBox worker that runs each action in a root of its
# own. For a script that has `root` and `tmp` set, sources e2e/remote_cache/servers.sh, and calls stop_engine at its end.
# Nothing is installed: BuildGrid and PostgreSQL are of PyPI, in $tmp, and BuildBox is of the Nix set.

# PostgreSQL wants no root; BuildBox's store hands out links, not copies, to those who seem to be somebody else than itself.
as_nobody() { exec setsid unshare --user --map-user=65534 --map-group=65534 "$@"; }

await() { # process, log, command...: until the command succeeds
  local i process=$1 log=$2
  shift 2
  for i in {1..600}; do
    "$@" >/dev/null 2>&1 && return
    kill -0 "$process" 2>/dev/null || break
    sleep 0.1
  done
  cat "$log" >&2
  echo "a server does not start: see above; it was waited for until this succeeds: ${*@Q}" >&2
  return 1
}

get_engine() {
  local nix_bin settings
  get_buildgrid psycopg2-binary pgserver==0.1.4 || return 1
  # Nix as bazelw uses it
  { read -r _ && read -r _ && IFS= read -r nix_bin && settings=$(cat); } <"$root/.bazelw/ready"
  PATH=${nix_bin:+$nix_bin:}$PATH NIX_CONFIG=${NIX_CONFIG:-}$'\n'$settings "$root/nix/fetch" --build "$tmp/buildbox" buildbox
}

# At $engine. An action finds its inputs, /bin/bash with its $engine_libraries, /dev, /proc and /tmp.
engine_start() {
  local run=$tmp/engine postgres sql bash library mounts=()
  buildgrid=$tmp/buildgrid/bin
  postgres=$(echo "$tmp"/buildgrid/lib/python3*/site-packages/pgserver/pginstall/bin)
  mkdir -p "$run/store"

  sql="postgresql+psycopg2://postgres@/postgres?host=$run"
  (as_nobody "$postgres/initdb" -D "$run/database" -U postgres -A trust -E UTF8 --no-locale -N) >"$run/postgres.log" 2>&1 || {
    cat "$run/postgres.log" >&2
    return 1
  }
  (as_nobody --pid --ipc --fork --kill-child "$postgres/postgres" -D "$run/database" -k "$run" -c listen_addresses= -F) >>"$run/postgres.log" 2>&1 &
  engine_pids=($!)
  await $! "$run/postgres.log" "$postgres/pg_isready" -h "$run" -U postgres -d postgres && "$buildgrid/bgd" migrate apply "$sql" >"$run/migrate.log" 2>&1 || return 1

  engine_port=$(free_port)
  engine=grpc://127.0.0.1:$engine_port
  cat >"$run/buildgrid.yml" <<CONF
server:
  - !channel
    address: 127.0.0.1:$engine_port
    insecure-mode: true
connections:
  - !sql-connection &sql
    connection-string: $sql
    pool-size: 20
storages:
  - !disk-storage &storage
    path: $run/cas
caches:
  - !lru-action-cache &actions
    storage: *storage
    max-cached-refs: 10000
    allow-updates: true
schedulers:
  - !sql-scheduler &scheduler
    sql: *sql
    storage: *storage
    action-cache: *actions
    poll-interval: 0.1
    bot-poll-interval: 0.1
    assigners:
      - !priority-age-assigner
        interval: 0.1
        failure-backoff: 0.1
instances:
  - name: ''
    services:
      - !action-cache
        cache: *actions
      - !cas
        storage: *storage
      - !bytestream
        storage: *storage
      - !execution
        scheduler: *scheduler
# more requests than that at a time are refused
thread-pool-size: 300
CONF
  setsid "$buildgrid/bgd" server start "$run/buildgrid.yml" >"$run/buildgrid.log" 2>&1 &
  engine_pids+=($!)
  await $! "$run/buildgrid.log" eval ": >/dev/tcp/127.0.0.1/$engine_port" || return 1

  setsid "$tmp/buildbox/bin/buildbox-casd" --bind="unix:$run/store.socket" --cas-remote="http://127.0.0.1:$engine_port" \
    --findmissingblobs-cache-ttl=600 "$run/store" >"$run/store.log" 2>&1 &
  engine_pids+=($!)
  await $! "$run/store.log" test -S "$run/store.socket" || return 1

  # of a link, the runner would take the target for the name
  bash=$(readlink -f "$(command -v bash)")
  mapfile -t engine_libraries < <(ldd "$bash" | grep -o '/[^ ]*')
  mounts=(--runner-arg=--ro-bind-mount="$bash:/bin/bash")
  for library in "${engine_libraries[@]}"; do mounts+=(--runner-arg=--ro-bind-mount="$(readlink -f "$library"):$library"); done
  (as_nobody env -i PATH="$tmp/buildbox/bin" "$tmp/buildbox/bin/buildbox-worker" --bots-remote="http://127.0.0.1:$engine_port" \
    --cas-remote="unix:$run/store.socket" --buildbox-run="$tmp/buildbox/bin/buildbox-run-bubblewrap" \
    --runner-arg=--staging-mode=copy-or-link "${mounts[@]}" --concurrent-jobs="$(nproc)" worker) >"$run/worker.log" 2>&1 &
  engine_pids+=($!)
}

stop_engine() {
  local pid
  for pid in "${engine_pids[@]}"; do stop_server "$pid"; done
}
engine_pids=()
