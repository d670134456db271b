# debian.roots, then Packages indices with a `Suite:` line before each paragraph -> debian.lock.json
function fail(why) { print "update-lock: " why >"/dev/stderr"; failed = 1; exit 1 }

FNR == NR {
  if ($1 == "root") roots[++nroots] = $2
  if ($1 == "without") without[$2] = 1
  if ($1 == "suite")
    for (i = 3; i <= NF; i++) {
      if (split($i, part, ">=") != 2) fail($0 ": " $i " is not SOURCE>=VERSION")
      partial[$2] = 1
      gives[$2, part[1]] = 1
      wanted[part[1]] = part[2]
    }
  next
}

$1 == "Suite:" { take(); split("", field); suite = $2 }
$1 ~ /^(Package|Source|Version|Filename|Size|SHA256):$/ { field[$1] = $2 }
$1 == "Depends:" || $1 == "Pre-Depends:" || $1 == "Provides:" {
  name = $1 == "Pre-Depends:" ? "Depends:" : $1
  sub(/^[^ ]* /, "")
  field[name] = field[name] (field[name] == "" ? "" : ",") $0
}

# Whether upstream version a is at least b.
function at_least(a, b,    i, n, m, x, y) {
  sub(/^[0-9]+:/, "", a); sub(/[^0-9.].*/, "", a)
  n = split(a, x, "."); m = split(b, y, ".")
  for (i = 1; i <= n || i <= m; i++) if (x[i] + 0 != y[i] + 0) return x[i] + 0 > y[i] + 0
  return 1
}

# Takes the package of `field`, unless a suite before has it, or this one is not to give it.
function take(    name, source, p, i, n) {
  name = field["Package:"]
  source = field["Source:"] == "" ? name : field["Source:"]
  if (name == "" || name in from) return
  if (suite in partial && !((suite, source) in gives)) return
  if (source in wanted && !at_least(field["Version:"], wanted[source])) return
  from[name] = suite
  version[name] = field["Version:"]
  path[name] = field["Filename:"]
  size[name] = field["Size:"]
  sha256[name] = field["SHA256:"]
  depends[name] = field["Depends:"]
  n = split(field["Provides:"], p, ",")
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
  take()
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
