# Builder of a file from a Python package index: pip finds it by name, version and sha256.
export HOME=$PWD
set -- --isolated --disable-pip-version-check --no-cache-dir --progress-bar off --retries 2 --timeout 20 \
  --use-deprecated legacy-certs --no-deps --no-build-isolation --require-hashes --dest files
[ ! "$cert" ] || set -- "$@" --cert "$cert"
[ ! "$index" ] || set -- "$@" --index-url "$index"
case $index in
  http://*) # without TLS, pip asks for this; the file is pinned
    host=${index#http://}
    host=${host%%/*}
    set -- "$@" --trusted-host "${host##*@}"
    ;;
esac
echo "$project==$version --hash=sha256:$pinned" >requirements
mkdir files
if $pip/bin/python3 -m pip download "$@" -r requirements >log 2>&1 && [ -e "files/$file" ]; then
  cp "files/$file" "$out"
  exit
fi
cat log
from=${index:-pip\'s default index}
case $(cat log) in
  *"DO NOT MATCH THE HASHES"*) why="what $from has is not the pinned file: its sha256 is another" ;;
  *"No matching distribution"*)
    case $(cat log) in
      *"establish a new connection"* | *"ConnectionError"* | *"Retrying ("* | *"SSLError"*) why="$from cannot be reached" ;;
      *) why="$from has no such release" ;;
    esac
    ;;
  *) why="$from does not give it: see above" ;;
esac
echo "cannot get $project $version ($file): $why. Check the network and the proxy (https_proxy), or name another index with RULES_ESP32_PYPI=URL; for other releases: nix/update-pypi"
exit 1
