# Python packages: their downloads (nix/pypi.nix, nix/fetch) and pins (nix/update-pypi) with an index on loopback.
. "$(dirname "$0")/lib.sh"

unset RULES_ESP32_PYPI RULES_ESP32_CACHE RULES_ESP32_CACHE_ONLY PIP_INDEX_URL PIP_CONFIG_FILE
python=$(nix-build "$nix" -A pip --no-out-link)/bin/python3

# A wheel, which no other run has, and its place in the index: project, version, what it requires.
wheel() {
  "$python" - "$t/www/files" "$1" "$2" "${3:-}" "$unique" <<'PYTHON'
import sys, zipfile
folder, name, version, requires, unique = sys.argv[1:]
with zipfile.ZipFile(f"{folder}/{name}-{version}-py3-none-any.whl", "w") as wheel:
    info = f"{name}-{version}.dist-info"
    wheel.writestr(f"{name}.py", f"unique = {unique!r}\n")
    wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n" + (f"Requires-Dist: {requires}\n" if requires else ""))
    wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    wheel.writestr(f"{info}/RECORD", "")
PYTHON
  mkdir -p "$t/www/simple/$1"
  for file in "$t/www/files/$1"-*; do echo "<a href=\"../../files/${file##*/}\">${file##*/}</a>"; done >"$t/www/simple/$1/index.html"
}
sha256() { sha256sum <"$1" | cut -d' ' -f1; }
pin() { printf '{ "name": "%s", "version": "1.0", "file": "%s-1.0-py3-none-any.whl", "sha256": "%s" }' "$1" "$1" "$2"; }

mkdir -p "$t/www/files"
for project in there changed; do wheel $project 1.0; done
printf '[ %s, %s, %s ]\n' "$(pin there "$(sha256 "$t/www/files/there-1.0-py3-none-any.whl")")" \
  "$(pin changed "$(echo "changed $unique" | sha256sum | cut -d' ' -f1)")" \
  "$(pin nowhere "$(echo "nowhere $unique" | sha256sum | cut -d' ' -f1)")" | sed 's/", "/",\n"/g; s/{ /{\n/g' >"$t/pypi.json"
serve "$t/www"
nobody=http://127.0.0.1:1
fetch() { index=$1; shift; RULES_ESP32_PYPI=$index "$nix/fetch" --pypi-lock "$t/pypi.json" "$@"; }

expect "pypi: the index cannot be reached" 7 "cannot get there 1.0 (there-1.0-py3-none-any.whl): $nobody/simple cannot be reached.*RULES_ESP32_PYPI=URL" \
  fetch $nobody/simple pypi.there
expect "pypi: from the index" 0 "downloading 1 of 1" fetch "$url/simple/" pypi.there
expect "pypi: what is in the store is not asked for" 0 '^$' fetch $nobody/simple pypi.there
expect "pypi: not the pinned file" 5 "cannot get changed 1.0 .*$url/simple has is not the pinned file: its sha256 is another" fetch "$url/simple" pypi.changed
expect "pypi: no such release" 7 "cannot get nowhere 1.0 .*$url/simple has no such release" fetch "$url/simple" pypi.nowhere
expect "pypi: no lock file" 2 "$t/none.json: cannot be read: give the lock file's name with --pypi-lock" "$nix/fetch" --pypi-lock "$t/none.json" pypi.there

# the index in pip's settings
pip() { # contents of /etc/pip.conf, of the user's pip.conf; what pypi.nix finds
  rm -rf "$t/root"
  mkdir -p "$t/root/etc/ssl/certs" "$t/root/home/.config/pip"
  [ -z "$1" ] || printf '%s\n' "$1" >"$t/root/etc/pip.conf"
  [ -z "$2" ] || printf '%s\n' "$2" >"$t/root/home/.config/pip/pip.conf"
  : >"$t/root/etc/ssl/certs/ca-certificates.crt"
  : >"$t/root/etc/own.crt"
  env -u XDG_CONFIG_HOME -u PIP_CERT -u SSL_CERT_FILE -u NIX_SSL_CERT_FILE -u REQUESTS_CA_BUNDLE HOME=/home \
    nix-instantiate --eval "$nix/pypi.nix" --argstr root "$t/root" -A index -A cert | sed "s|$t/root||" | tr '\n' ' '
}
ca=/etc/ssl/certs/ca-certificates.crt
same "pypi: pip's default" "$(pip "" "")" "\"\" \"$ca\" "
same "pypi: pip's settings for all users" "$(pip '[global]
timeout = 60
index_url: http://i.example/simple/
cert = /etc/own.crt' "")" '"http://i.example/simple" "/etc/own.crt" '
same "pypi: the user's own settings win" "$(pip '[global]
index-url = http://i.example/simple' '[global]
# index-url = http://no.example
extra-index-url = http://no.example/simple
index-url = http://u.example/simple')" "\"http://u.example/simple\" \"$ca\" "
same "pypi: pip's variable wins" "$(PIP_INDEX_URL=http://v.example/simple pip '[global]
index-url = http://i.example/simple' "")" "\"http://v.example/simple\" \"$ca\" "
same "pypi: our variable wins" "$(PIP_INDEX_URL=http://v.example/simple RULES_ESP32_PYPI=http://w.example/ pip "" "")" "\"http://w.example\" \"$ca\" "

# pins; Debian has pyserial
wheel app 1.5 'there >= 1'
wheel app 2.0
cat >"$t/roots" <<'ROOTS'
# releases 1
app ~= 1.5
pyserial
ROOTS
update() { "$nix/update-pypi" --roots "$t/roots" --output "$t/new.json" --index "$1"; }
expect "update-pypi: resolves" 0 "2 packages" update "$url/simple/"
same "update-pypi: what Debian does not have, in the release that is asked for" \
  "$(nix-instantiate --eval --json --strict --expr "map (p: [ p.name p.version p.file p.sha256 ]) (builtins.fromJSON (builtins.readFile $t/new.json))")" \
  "[[\"app\",\"1.5\",\"app-1.5-py3-none-any.whl\",\"$(sha256 "$t/www/files/app-1.5-py3-none-any.whl")\"],[\"there\",\"1.0\",\"there-1.0-py3-none-any.whl\",\"$(sha256 "$t/www/files/there-1.0-py3-none-any.whl")\"]]"
echo 'nowhere' >>"$t/roots"
rm "$t/new.json"
expect "update-pypi: a package that the index lacks" 1 "No matching distribution found for nowhere.*pip cannot resolve $t/roots" update "$url/simple"
expect "update-pypi: the index cannot be reached" 1 "give another --index" update $nobody/simple
same "update-pypi: leaves nothing where it fails" "$(ls "$t" | grep new.json)" ""
expect "update-pypi: unknown argument" 2 "unknown argument --what" "$nix/update-pypi" --what

# the package: what it runs, where only the store is there, and what it leaves in its folder
tools=$(nix-build "$nix" -A esp-idf-tools --no-out-link)
cat >"$t/user.py" <<'PYTHON'
import construct, cryptography.hazmat.primitives.ciphers, elftools, esp_idf_nvs_partition_gen, esp_idf_size, espefuse, espsecure
import esptool, intelhex, kconfgen, kconfserver, littlefs, menuconfig, pyparsing, rich, serial, sys, yaml
fs = littlefs.LittleFS(block_size=4096, block_count=8)
with fs.open("a.txt", "w") as file: file.write("kept")
print(fs.open("a.txt").read(), sys.flags.no_user_site, [path for path in sys.path[1:] if not path.startswith(sys.argv[1])])
PYTHON
expect "esp-idf-tools: its modules, and none of the user's" 0 "^kept 1 \[\]" env -i "$tools/bin/python3" "$t/user.py" "$tools"
expect "esp-idf-tools: cmake" 0 "cmake version" env -i "$tools/bin/cmake" --version
expect "esp-idf-tools: ninja" 0 "^[0-9.]* *$" env -i "$tools/bin/ninja" --version
expect "esp-idf-tools: nothing is written beside it" 0 '' nix-store --verify-path "$tools"
