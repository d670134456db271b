# Certificates as Java wants them, for `-Djavax.net.ssl.trustStore=.../cacerts`.
#
# certificates: files, or folders with files, in PEM
{ run, certificates }:
run "java-keystore" ./java-keystore.sh { inherit certificates; }
