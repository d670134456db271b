# Builder of bazel: a launcher with the startup options that a Bazel in the store needs. Modules that the offline registry does not have
# come from the Bazel Central Registry, unless RULES_ESP32_BCR is 0.
mkdir -p $out/bin
java=$(echo $jre/lib/jvm/java-[0-9][0-9]-openjdk-amd64)
cat >$out/bazelrc <<RC
startup --install_base=$dist/share/bazel
startup --trust_install_base
startup --server_javabase=$java
startup --host_jvm_args=--enable-native-access=ALL-UNNAMED
startup --host_jvm_args=--sun-misc-unsafe-memory-access=allow
startup --host_jvm_args=-Djavax.net.ssl.trustStore=$trusted/cacerts
common --registry=file://$registry
common --lockfile_mode=off
common --repo_env=JAVA_HOME=$java
# WORKSPACE files are only read where a flag asks for it: they and what Bazel appends to them name downloads, which these
# repositories stand in for, by names that no repository has with MODULE.bazel.
common --noenable_workspace
RC
cat $registry/workspace.bazelrc >>$out/bazelrc
echo "common --registry=https://bcr.bazel.build" >$out/bcr.bazelrc
cat >$out/bin/bazel <<SH
#!$busybox ash
[ "\$RULES_ESP32_BCR" = 0 ] || set -- --bazelrc=$out/bcr.bazelrc "\$@"
exec $dist/libexec/bazel --nosystem_rc --bazelrc=$out/bazelrc "\$@"
SH
chmod +x $out/bin/bazel
