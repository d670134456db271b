# Nix's Bazel: modules that the offline registry does not have, by way of a proxy that plays the internet.
. "$(dirname "$0")/lib.sh"
unset RULES_ESP32_BCR no_proxy NO_PROXY http_proxy HTTP_PROXY https_proxy HTTPS_PROXY

# $t/cert.pem: a certificate for the hosts, that only those believe who have $t/authority.pem
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=tests of bazelw" \
  -keyout "$t/authority.key" -out "$t/authority.pem" 2>"$t/openssl"
openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=bcr.bazel.build" -keyout "$t/cert.key" -out "$t/cert.csr" 2>>"$t/openssl"
echo "subjectAltName = DNS:bcr.bazel.build, DNS:example.org" >"$t/names"
openssl x509 -req -in "$t/cert.csr" -CA "$t/authority.pem" -CAkey "$t/authority.key" -CAcreateserial -days 2 -extfile "$t/names" \
  -out "$t/cert.pem" 2>>"$t/openssl"

# the internet: a registry, and an archive
mkdir -p "$t/www/bcr.bazel.build/modules/farewell/1.0" "$t/www/example.org" "$t/farewell" "$t/user"
echo 'module(name = "farewell", version = "1.0")' | tee "$t/farewell/MODULE.bazel" >"$t/www/bcr.bazel.build/modules/farewell/1.0/MODULE.bazel"
echo 'exports_files(["words.txt"])' >"$t/farewell/BUILD.bazel"
echo "so long" >"$t/farewell/words.txt"
tar -C "$t/farewell" -czf "$t/www/example.org/farewell.tar.gz" .
printf '{"url": "https://example.org/farewell.tar.gz", "integrity": "sha256-%s"}\n' \
  "$(openssl dgst -sha256 -binary "$t/www/example.org/farewell.tar.gz" | base64)" >"$t/www/bcr.bazel.build/modules/farewell/1.0/source.json"
python3 "$tests/internet.py" "$t/www" "$t/cert.pem" "$t/cert.key" "$t/asked" "$t/port" 2>"$t/internet.log" &
pids="$pids $!"
while [ ! -e "$t/port" ]; do sleep 0.1; done
proxy=http://127.0.0.1:$(cat "$t/port")

# a repository of a user
cat >"$t/user/MODULE.bazel" <<'M'
bazel_dep(name = "bazel_skylib", version = "1.9.0")
bazel_dep(name = "farewell", version = "1.0")
M
: >"$t/user/BUILD.bazel"
cd "$t/user"
command=$(nix-build "$nix" -A bazel --no-out-link)/bin/bazel
build() { # startup option or '', then a command and its flags
  startup=$1
  shift
  : >"$t/asked"
  timeout 120 "$command" --output_user_root="$t/base" --max_idle_secs=60 ${startup:+"$startup"} "$@" --http_connector_attempts=1 --color=no --curses=no
}
keystore() { nix-build -E "(import $nix { }).javaKeystore $1" --no-out-link; }
own=-Djavax.net.ssl.trustStore=$(keystore "$t/authority.pem" 2>/dev/null)/cacerts
export https_proxy=$proxy

expect "bazel: a module of the Bazel Central Registry, by the user's proxy" 0 "completed successfully" build --host_jvm_args="$own" build @farewell//:words.txt
same "bazel: it is the one" "$(cat "$t"/base/*/external/farewell~/words.txt)" "so long"
same "bazel: ours come from the offline registry" "$(grep -c -e skylib -e platforms "$t/asked")" 0
expect "bazel: who is not known is not believed" 32 "unable to find valid certification path" build '' build @farewell//:words.txt
expect "bazel: without the Bazel Central Registry" 48 "module farewell@1.0 not found in registries:[ *]*file:///nix/store" \
  env RULES_ESP32_BCR=0 "$command" --output_user_root="$t/base" --max_idle_secs=60 build @farewell//:words.txt
same "bazel: which is not asked, then" "$(cat "$t/asked")" ""

serve "$t/www/bcr.bazel.build"
sed -i "s|https://example.org|$url|" "$t/www/bcr.bazel.build/modules/farewell/1.0/source.json"
cp "$t/www/example.org/farewell.tar.gz" "$t/www/bcr.bazel.build/"
export http_proxy=http://127.0.0.1:1 no_proxy=127.0.0.1 RULES_ESP32_BCR=0
expect "bazel: another registry, for which there is no proxy" 0 "completed successfully" build '' build @farewell//:words.txt --registry="$url"
"$command" --output_user_root="$t/base" shutdown 2>/dev/null
unset http_proxy https_proxy no_proxy RULES_ESP32_BCR

# whom it trusts
keytool=$(echo "$(nix-build "$nix" -A bazel-packages.jre --no-out-link)"/lib/jvm/java-[0-9][0-9]-openjdk-amd64/bin/keytool)
count=$(cat "$(nix-build "$nix" -A ca-certificates --no-out-link)"/share/ca-certificates/*/* | grep -c "BEGIN CERTIFICATE")
expect "java-keystore: all of Debian's certificates, and a digest that is right" 0 "contains $count entries" \
  "$keytool" -list -keystore "$(nix-build "$nix" -A java-keystore --no-out-link)/cacerts" -storepass changeit
if [ "$count" -gt 100 ]; then ok "java-keystore: $count certificates"; else
  echo "$count" >"$t/out"
  not_ok "java-keystore: more than a hundred certificates"
fi
echo "no certificate" >"$t/none.pem"
expect "java-keystore: a file without certificates" 100 "there is no certificate in PEM" keystore "$t/none.pem"
