# Copies of the checkout, and another user to build in them, for a script that has `root` and `tmp`, a folder that it removes, set.

copy_checkout() { # folder: the checkout as it is, with what is not committed yet
  mkdir -p "$1"
  (cd "$root" && git ls-files -z --cached --others --exclude-standard | xargs -0 ls -d 2>/dev/null | tar -cf - -T -) | tar -C "$1" -xf -
}

# Makes `as_other COMMAND...` run in a folder as another user with another HOME, umask, locale and time zone. Where this user is
# root, the other one has a number of its own, and builds with the same Nix store, through a daemon of Nix's: $other_daemon, to
# be ended at the end.
other_user() { # folder
  other_folder=$1 other_daemon= other_command=()
  mkdir -p "$tmp/home"
  other_environment=(HOME="$tmp/home" USER=other LC_ALL=C TZ=Pacific/Chatham NIX_CONFIG="${NIX_CONFIG:-}")
  [ "$(id -u)" = 0 ] || return 0
  NIX_DAEMON_SOCKET_PATH=$tmp/nix.socket NIX_CONFIG=$'build-users-group =\nsubstituters =\nsandbox = false' \
    "$(dirname "$(command -v nix-store || echo /usr/bin/nix-store)")/nix-daemon" >"$tmp/nix-daemon.log" 2>&1 &
  other_daemon=$!
  other_environment+=(NIX_REMOTE=daemon NIX_DAEMON_SOCKET_PATH="$tmp/nix.socket")
  other_command=(setpriv --reuid=4242 --regid=4242 --clear-groups)
  chmod 755 "$tmp"
  chown -R 4242:4242 "$other_folder" "$tmp/home"
}
as_other() { (cd "$other_folder" && umask 077 && exec "${other_command[@]}" env "${other_environment[@]}" "$@"); }
