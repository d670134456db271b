# Builder of java-keystore: $certificates, files or folders with certificates in PEM, as $out/cacerts, a keystore of Java's own format
# ("JKS"), which Java reads besides PKCS #12, of which nothing at hand writes the form that Java takes. All numbers have their highest
# byte first: magic FEEDFEED, version 2, the number of certificates; for each 2, a name, a time, "X.509", the length, the certificate;
# at the end the SHA-1 of the password in UTF-16, "Mighty Aphrodite" and all of that (OpenJDK, JavaKeyStore.java).
password=changeit # Java's usual one: nothing in it is a secret

bytes() { printf "$(echo "$1" | sed 's/../\\x&/g')"; } # hexadecimal digits
number() { bytes "$(printf "%0$((2 * $2))x" $1)"; }    # value, length in bytes
text() { # with its length
  number ${#1} 2
  printf %s "$1"
}

mkdir pem
find $certificates -follow -type f | sort | while read -r file; do
  sed 's/\r$//' "$file"
  echo
done | awk '/^-----BEGIN CERTIFICATE-----$/ { n++; on = 1; next } /^-----END CERTIFICATE-----$/ { on = 0 } on { print >sprintf("pem/%04d", n) }'
count=$(ls pem | wc -l)
[ "$count" -gt 0 ] || { echo "$certificates: there is no certificate in PEM"; exit 1; }
{
  bytes feedfeed
  number 2 4
  number $count 4
  for file in pem/*; do
    base64 -d <$file >der
    number 2 4
    text "${file#pem/}"
    number 0 8
    text X.509
    number $(wc -c <der) 4
    cat der
  done
} >keystore
digest=$({
  echo $password | fold -w 1 | while read -r c; do printf '\0%s' "$c"; done
  printf 'Mighty Aphrodite'
  cat keystore
} | sha1sum)
mkdir -p $out
{
  cat keystore
  bytes ${digest%% *}
} >$out/cacerts
echo "$count certificates"
