# No output uses a library, or a loader, outside the store.
. "$(dirname "$0")/lib.sh"

readelf=$(nix-build "$nix" -A llvm-xtensa --no-out-link)/lib/llvm-23/bin/llvm-readelf
loader=$(nix-build "$nix" -A host-sysroot --no-out-link)/lib64/ld-linux-x86-64.so.2

for attribute in llvm-xtensa rustc-xtensa binutils-xtensa gcc-xtensa bindgen protoc host-sysroot qemu-xtensa gdb-xtensa llvm-coverage openocd-esp32 buildbox pip esp-idf-tools bazel bazel-packages.jre bazel-packages.dist; do
  out=$(nix-build "$nix" -A $attribute --no-out-link) || { not_ok "$attribute: builds"; continue; }
  # ELF programs and libraries that are linked dynamically
  find "$out" -type f -size +3 | while read -r file; do
    [ "$(head -c 4 "$file" | tail -c 3 | tr -d '\0')" = ELF ] && echo "$file"
  done >"$t/elf"
  : >"$t/dynamic"
  [ ! -s "$t/elf" ] || xargs "$readelf" --wide --program-headers --dynamic-table <"$t/elf" >"$t/dynamic" 2>/dev/null
  # what each file names
  awk -v store="$(dirname "$out")/" -v many="$(wc -l <"$t/elf")" '
    /^File: / { file = $2 }
    many == 1 { file = "it" }
    # these libraries are programs that print their version when they are run, and nobody runs them
    /Requesting program interpreter/ && file !~ /\/lib(c|cap|psx)[.]so[.][0-9.]+$/ { path = $NF; sub(/]$/, "", path); if (index(path, store) != 1) print file ": interpreter " path }
    /\((RUNPATH|RPATH)\)/ {
      path = $NF; gsub(/[][]/, "", path)
      n = split(path, dirs, ":")
      for (i = 1; i <= n; i++) if (index(dirs[i], store) != 1 && dirs[i] !~ /^\$ORIGIN/) print file ": RUNPATH " dirs[i]
    }
    /\(NEEDED\)/ { path = $NF; gsub(/[][]/, "", path); if (path ~ /\//) print file ": needs " path }
  ' "$t/dynamic" >"$t/out"
  # what the loader makes of it
  awk '/^File: / { file = $2 } /\(NEEDED\)/ && !(file in seen) { seen[file] = 1; print file }' "$t/dynamic" | while read -r file; do
    jvm=${file%/*}/server # where the JVM, which loads the libraries beside it, comes from itself
    [ -e "$jvm/libjvm.so" ] || jvm=
    "$loader" --library-path "$jvm" --list "$file" 2>&1 | sed "s|^|$file: |"
  done >"$t/loads"
  n=$(grep -c . "$t/elf")
  grep -e 'not found' -e 'error while loading' -e '=> /' "$t/loads" | grep -v "=> $(dirname "$out")/" >>"$t/out"
  if [ -s "$t/out" ]; then not_ok "$attribute: loads from the store alone"; else ok "$attribute: loads from the store alone ($n ELF files, $(grep -c '=> /' "$t/loads") libraries)"; fi
done
