# postFixup of packages with Python: its modules are compiled, and bin/python3 writes nothing, and sees no module of the user's.
# Whether a compiled file is that of its source is not asked for: a time stamp is another one in each store.
bin/python3.14 -B -m compileall -q --invalidation-mode unchecked-hash lib/python3 lib/python3.14
rm bin/python3
cat >bin/python3 <<SH
#!$busybox ash
unset PYTHONHOME
# esptool looks for settings in a home folder, and an action has none
export PYTHONNOUSERSITE=1 PYTHONDONTWRITEBYTECODE=1 HOME="\${HOME:-/homeless-shelter}"
exec $out/bin/python3.14 "\$@"
SH
chmod +x bin/python3
