# What the scripts share that end with "N passed, N failed"; they source it, with `tmp`, a folder that they remove, set.
passed=0 failed=0

check() { # name, command...; what it prints is in $tmp/check.log, and shown where it fails
  local name=$1 since=$SECONDS
  shift
  if "$@" >"$tmp/check.log" 2>&1; then
    passed=$((passed + 1))
    echo "PASSED $name ($((SECONDS - since)) s)"
  else
    failed=$((failed + 1))
    echo "FAILED $name ($((SECONDS - since)) s): ${*@Q}"
    tail -n 60 "$tmp/check.log"
  fi
}
die() { # why no more checks can be made
  echo "$*" >&2
  echo "$passed passed, $((failed + 1)) failed"
  exit 1
}
finish() { # at the end
  echo "$passed passed, $failed failed"
  [ "$failed" = 0 ] && [ "$passed" != 0 ]
}
