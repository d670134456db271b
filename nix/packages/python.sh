# postFixup of packages with Python: its modules are compiled, and bin/python3 writes nothing, and sees no module of the user's.
# The compiled files are not looked at again: a time stamp would be another one in each store.
bin/python3.14 -m compileall -q -x '/lib2to3/tests/|/test/bad' --invalidation-mode unchecked-hash lib/python3 lib/python3.14 || {
  echo "some modules do not compile: see above"
  exit 1
}
rm bin/python3
cat >bin/python3 <<SH
#!$busybox ash
unset PYTHONHOME
export PYTHONNOUSERSITE=1 PYTHONDONTWRITEBYTECODE=1
exec $out/bin/python3.14 "\$@"
SH
chmod +x bin/python3
