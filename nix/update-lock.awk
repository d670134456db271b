# debian.roots, then Packages indices with a `Suite:` line before each paragraph -> debian.lock.json
function fail(why) { print "update-lock: " why >"/dev/stderr"; failed = 1; exit 1 }

FNR == NR {
  if ($1 == "root") roots[++nroots] = $2
  if ($1 == "without") without[$2] = 1
  next
}

$1 == "Suite:" { suite = $2 }
$1 == "Package:" {
  name = $2
  here = !(name in from)
  if (here) from[name] = suite
}
!here { next }
$1 == "Version:" { version[name] = $2 }
$1 == "Filename:" { path[name] = $2 }
$1 == "Size:" { size[name] = $2 }
$1 == "SHA256:" { sha256[name] = $2 }
$1 == "Depends:" || $1 == "Pre-Depends:" {
  sub(/^[^ ]* /, "")
  depends[name] = depends[name] (depends[name] == "" ? "" : ",") $0
}
$1 == "Provides:" {
  sub(/^[^ ]* /, "")
  n = split($0, p, ",")
  for (i = 1; i <= n; i++) {
    sub(/^ */, "", p[i]); sub(/[ (].*/, "", p[i])
    if (!(p[i] in provider)) provider[p[i]] = name
  }
}

# The package that satisfies one dependency ("a (>= 1) | b"): the first alternative that exists; "" where it is left out.
function resolve(clause, by,    alt, i, n, names) {
  sub(/^ */, "", clause)
  n = split(clause, alt, "|")
  for (i = 1; i <= n; i++) {
    sub(/^ */, "", alt[i]); sub(/[ (:\[].*/, "", alt[i])
    if (alt[i] in without) return ""
  }
  for (i = 1; i <= n; i++) {
    if (alt[i] in from) return alt[i]
    if (alt[i] in provider) return provider[alt[i]]
  }
  fail(by " depends on " clause ", which no suite has")
}

function sort(a, n,    i, j, v) {
  for (i = 2; i <= n; i++) {
    v = a[i]
    for (j = i - 1; j > 0 && a[j] > v; j--) a[j + 1] = a[j]
    a[j + 1] = v
  }
}

END {
  if (failed) exit 1
  for (i = 1; i <= nroots; i++) {
    if (!(roots[i] in from)) fail("no suite has " roots[i])
    todo[++ntodo] = roots[i]
  }
  while (ntodo > 0) {
    pkg = todo[ntodo--]
    if (pkg in needs) continue
    locked[++nlocked] = pkg
    n = split(depends[pkg], clause, ",")
    m = 0; split("", seen); split("", list)
    for (i = 1; i <= n; i++) {
      d = resolve(clause[i], pkg)
      if (d == "" || d in seen) continue
      seen[d] = 1; list[++m] = d; todo[++ntodo] = d
    }
    sort(list, m)
    needs[pkg] = ""
    for (i = 1; i <= m; i++) needs[pkg] = needs[pkg] (i > 1 ? ", " : "") "\"" list[i] "\""
  }
  sort(locked, nlocked)
  printf "{\n \"date\": \"%s\",\n \"busyboxData\": \"%s\",\n \"packages\": {\n", date, data
  for (i = 1; i <= nlocked; i++) {
    pkg = locked[i]
    printf "  \"%s\": {\n   \"suite\": \"%s\",\n   \"version\": \"%s\",\n   \"path\": \"%s\",\n   \"size\": %d,\n   \"sha256\": \"%s\",\n   \"depends\": [%s]\n  }%s\n",
      pkg, from[pkg], version[pkg], path[pkg], size[pkg], sha256[pkg], needs[pkg], i < nlocked ? "," : ""
  }
  print " }\n}"
}
