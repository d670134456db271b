# Where packages are downloaded from. No output path depends on it.
#
# { mirror, snapshot }: base URLs without a trailing slash, or "" where none is known. `mirror` is $RULES_ESP32_MIRROR,
# else the first Debian mirror in apt's own settings. `snapshot` is the base of an archive with a folder for each point
# in time ($RULES_ESP32_SNAPSHOT), else what a comment in apt's settings names, as in the official container images.
{ }:
let
  inherit (builtins) attrNames concatLists elemAt filter head isList match pathExists readDir readFile split;
  lines = text: filter (l: !(isList l)) (split "\n" text);
  dir = "/etc/apt/sources.list.d";
  files = filter pathExists ([ "/etc/apt/sources.list" ]
    ++ (if pathExists dir then map (n: "${dir}/${n}")
      (filter (n: match ".*\\.(list|sources)" n != null) (attrNames (readDir dir))) else [ ]));
  apt = concatLists (map (f: lines (readFile f)) files);
  firstMatch = re: let found = filter (m: m != null) (map (match re) apt); in if found == [ ] then "" else elemAt (head found) 1;
  env = name: default: let v = builtins.getEnv name; in if v != "" then v else default;
in {
  mirror = env "RULES_ESP32_MIRROR"
    (firstMatch "(URIs: *|deb +|deb +\\[[^]]*] *)([a-z]+://[^ ]*/debian)/?( .*)?");
  snapshot = env "RULES_ESP32_SNAPSHOT" (firstMatch "(# *)(https?://[^ ]*/archive/debian)/[0-9TZ]+/?");
}
