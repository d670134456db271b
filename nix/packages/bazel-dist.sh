# postInstall of bazel-dist: Debian's class path into the store.
mkdir -p libexec
mv bin/bazel libexec/bazel
rm -rf bin
ln -s ../../$libdir/libzstd-jni.so share/bazel/ # the server's java.library.path is its install base
cp=share/bazel/bazel_classpath_debian_depends.txt
# Debian leaves the server without a version, which bazel_features takes for "newer than all".
mkdir lib/bazel-version
echo "build.label=$(cat share/bazel/build-label.txt)" >lib/bazel-version/build-data.properties
{
  echo $out/lib/bazel-version
  # named only by absolute Class-Path entries in the grpc jars' manifests
  echo $out/share/java/perfmark-api.jar
  sed "s|^/usr|$out|" $cp
} | while read -r j; do [ ! -e $j ] || echo $j; done >$cp.new
mv $cp.new $cp
