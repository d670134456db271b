# Where packages are downloaded from. No output path depends on it.
#
# { mirror, snapshot }: base URLs without a trailing slash, or "" where none is known. `mirror` is $RULES_ESP32_MIRROR,
# else the Debian mirror in apt's own settings. `snapshot` is the base of an archive with a folder for each point in
# time ($RULES_ESP32_SNAPSHOT), else what apt's settings name, as those of the official container images do in a comment.
#
# root: the file system whose /etc is read
{ root ? "" }:
let
  inherit (builtins) any attrNames concatLists concatStringsSep elem elemAt filter getEnv head isList isString length
    match pathExists readDir readFile replaceStrings split;
  fields = re: text: filter (x: isString x && x != "") (split re text);
  lines = fields "\n";
  words = fields "[ \t]+";
  readLines = file: if pathExists file then lines (readFile file) else [ ];

  etc = "${root}/etc";
  parts = "${etc}/apt/sources.list.d";
  files = [ "${etc}/apt/sources.list" ] ++ (if pathExists parts then
    map (n: "${parts}/${n}") (filter (n: match ".*\\.(list|sources)" n != null) (attrNames (readDir parts))) else [ ]);
  isComment = line: match "[ \t]*#.*" line != null;

  # An entry is { uris, suites, components, signedBy }.
  oneLine = line:
    let m = match "deb[ \t]+(\\[([^]]*)][ \t]*)?([^ \t]+)[ \t]+([^ \t]+)[ \t]*(.*)" line;
    in if m == null then [ ] else [{
      uris = [ (elemAt m 2) ];
      suites = [ (elemAt m 3) ];
      components = words (elemAt m 4);
      signedBy = if elemAt m 1 == null then "" else elemAt m 1;
    }];
  deb822 = stanza:
    let
      text = replaceStrings [ "\n " "\n\t" ] [ " " " " ] (concatStringsSep "\n" (filter (l: !isComment l) (lines stanza)));
      field = name: let m = filter (m: m != null) (map (match "${name}:[ \t]*(.*)") (lines text)); in
        if m == [ ] then "" else head (head m);
    in if !(elem "deb" (words (field "Types"))) || field "Enabled" == "no" then [ ] else [{
      uris = words (field "URIs");
      suites = words (field "Suites");
      components = words (field "Components");
      signedBy = field "Signed-By";
    }];
  entries = concatLists (map (file:
    if !(pathExists file) then [ ]
    else if match ".*\\.sources" file != null then concatLists (map deb822 (fields "\n([ \t]*\n)+" (readFile file)))
    else concatLists (map oneLine (filter (l: !isComment l) (lines (readFile file))))) files);

  # URLs that Nix can download from: not those of CDs, of Tor, or of lists that a server makes.
  urls = uri:
    let list = match "mirror\\+file:(//)?(/.*)" uri;
    in if list != null then concatLists (map (l: map head (filter (w: w != [ ]) [ (words l) ]))
      (filter (l: !isComment l) (readLines "${root}${elemAt list 1}")))
    else if match "(https?|ftp)://.*" uri != null then [ uri ]
    else let m = match "file:(//)?(/.*)" uri; in if m != null then [ "file://${elemAt m 1}" ] else [ ];
  bare = url: let m = match "(.*[^/])/*" url; in if m == null then url else head m;

  isUpdates = s: match ".*-updates" s != null;
  isBase = s: !(isUpdates s) && match ".*(-security|-backports|-backports-sloppy|-proposed-updates|/updates|/)" s == null;
  candidates = concatLists (map (e: map (url: e // { url = bare url; }) (concatLists (map urls e.uris)))
    (filter (e: elem "main" e.components) entries));
  based = filter (c: any isBase c.suites) candidates;
  # Other publishers' archives also have suites called like Debian's, but no updates, and not Debian's key.
  isDebian = any (l: match "ID=\"?debian\"?" l != null) (readLines "${etc}/os-release");
  hasUpdates = c: isDebian && any (o: o.url == c.url && any isUpdates o.suites) candidates;
  hasKey = c: match ".*/debian-archive-[^/]*" c.signedBy != null;
  isNamed = c: match ".*/debian" c.url != null;
  ranked = filter (c: isNamed c && (hasKey c || hasUpdates c)) based ++ filter (c: hasKey c || hasUpdates c) based
    ++ filter isNamed based;

  dated = filter (m: m != null)
    (map (match "(.*[ \t])?(https?://[^ \t]*/archive/debian)/[0-9]+T[0-9]+Z([/ \t].*)?") (concatLists (map readLines files)));
  env = name: default: let v = getEnv name; in if v != "" then bare v else default;
in {
  mirror = env "RULES_ESP32_MIRROR" (if ranked == [ ] then "" else (head ranked).url);
  snapshot = env "RULES_ESP32_SNAPSHOT" (if dated == [ ] then "" else elemAt (head dated) 1);
}
