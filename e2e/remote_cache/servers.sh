# nginx and BuildGrid as remote caches on loopback, for a script that has `tmp` set and calls stop_servers at its end.
# Nothing is installed: where there is no nginx, the files of Debian's package are unpacked into $tmp, and so is BuildGrid, of PyPI.
buildgrid_version=0.4.4
. "${BASH_SOURCE[0]%/*}/../apt.sh"

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

await_port() { # process, port, log
  local i
  for i in {1..300}; do
    (: >"/dev/tcp/127.0.0.1/$2") 2>/dev/null && return
    kill -0 "$1" 2>/dev/null || break
    sleep 0.1
  done
  cat "$3" >&2
  echo "the server at port $2 does not start: see above" >&2
  return 1
}

get_nginx() { # sets nginx
  nginx=$(PATH=$PATH:/usr/sbin command -v nginx) && return
  apt_files "$tmp/nginx.deb" nginx || return
  nginx=$tmp/nginx.deb/usr/sbin/nginx
}

# What another script's cache has, for the one to be started here.
http_files() { # folder
  mkdir -p "$tmp/http" && cp -al "$1" "$tmp/http/data"
}

# A cache in $tmp/http/data, at $http, a log of it in $tmp/http/access.log: method, path, status, bytes sent.
# The options are nginx's, for all requests. `in_tmpfs SIZE` before them: the cache is on a disk of that size.
nginx_start() { # [in_tmpfs SIZE] options
  local run=$tmp/http wrap=() flags=
  if [ "${1:-}" = in_tmpfs ]; then
    [ "$(id -u)" = 0 ] || flags=r
    wrap=(unshare "-m$flags" sh -c "mount -t tmpfs -o size=$2 tmpfs '$run/data' && mkdir '$run/data/tmp' && exec \"\$@\"" sh)
    shift 2
  fi
  stop_server "${nginx_pid:-}"
  mkdir -p "$run/data/tmp"
  [ "${http_port:-}" ] || http_port=$(free_port)
  http=http://127.0.0.1:$http_port
  cat >"$run/nginx.conf" <<CONF
daemon off;
worker_processes 1;
pid $run/nginx.pid;
$([ "$(id -u)" != 0 ] || echo "user root;")
events { worker_connections 512; }
http {
  log_format requests '\$request_method \$uri \$status \$body_bytes_sent';
  access_log $run/access.log requests;
  error_log $run/error.log;
  client_body_temp_path $run/data/tmp;
  proxy_temp_path $run/data/tmp;
  fastcgi_temp_path $run/data/tmp;
  uwsgi_temp_path $run/data/tmp;
  scgi_temp_path $run/data/tmp;
  limit_req_zone \$server_addr zone=slow:32k rate=3r/s;
  server {
    listen 127.0.0.1:$http_port;
    root $run/data;
    client_max_body_size 0;
    location / {
      dav_methods PUT;
      create_full_put_path on;
      ${1:-}
    }
  }
}
CONF
  setsid "${wrap[@]}" "$nginx" -p "$run" -e "$run/error.log" -c "$run/nginx.conf" >"$run/log" 2>&1 &
  nginx_pid=$!
  await_port "$nginx_pid" "$http_port" "$run/log"
}

get_buildgrid() { # more packages of PyPI; sets buildgrid, the folder of its commands
  buildgrid=$tmp/buildgrid/bin
  python3 -m venv "$tmp/buildgrid" && "$buildgrid/pip" -q --disable-pip-version-check install --no-compile "BuildGrid==$buildgrid_version" "$@"
}

# A cache in $tmp/grpc/cas, at $grpc, for those who have the token $grpc_token.
buildgrid_start() {
  local run=$tmp/grpc
  stop_server "${buildgrid_pid:-}"
  mkdir -p "$run"
  [ "${grpc_port:-}" ] || grpc_port=$(free_port)
  grpc=grpc://127.0.0.1:$grpc_port
  echo "the secret of a server that is gone when this script is" >"$run/secret"
  grpc_token=$("$buildgrid/python" -c 'import jwt, sys, time
print(jwt.encode({"sub": "builder", "exp": int(time.time()) + 7200}, open(sys.argv[1]).read().strip(), algorithm="HS256"))' "$run/secret")
  cat >"$run/buildgrid.yml" <<CONF
server:
  - !channel
    address: 127.0.0.1:$grpc_port
    insecure-mode: true
authorization:
  method: jwt
  algorithm: hs256
  secret: $run/secret
storages:
  - !disk-storage &storage
    path: $run/cas
caches:
  - !lru-action-cache &actions
    storage: *storage
    max-cached-refs: 10000
    allow-updates: true
instances:
  - name: ''
    services:
      - !action-cache
        cache: *actions
      - !cas
        storage: *storage
      - !bytestream
        storage: *storage
CONF
  setsid "$buildgrid/bgd" server start "$run/buildgrid.yml" >"$run/log" 2>&1 &
  buildgrid_pid=$!
  await_port "$buildgrid_pid" "$grpc_port" "$run/log"
}

bearer() { echo "--remote_header=authorization=Bearer ${1-$grpc_token}"; } # what to log in to it with

stop_server() { # process: it and all that it has started, without a chance to tidy up
  [ "$1" ] || return 0
  kill -KILL -- "-$1" 2>/dev/null || :
  wait "$1" 2>/dev/null || :
}
stop_servers() {
  stop_server "${nginx_pid:-}"
  stop_server "${buildgrid_pid:-}"
}
