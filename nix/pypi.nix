# Where Python packages are downloaded from, and the downloads. No output path depends on the former.
#
# Result: { index, cert, download }.
#   index     base URL of the package index without a trailing slash: $RULES_ESP32_PYPI, else what pip's own settings name
#             ($PIP_INDEX_URL, `index-url` in pip.conf), else "": pip's default. It is in the derivations, which all users of this
#             machine can read: a password in it is no secret any more.
#   cert      the file with the certificates that this machine trusts, as pip's settings, variables and usage name it, or ""
#   download  { name, version, file, sha256 } -> that file of that release, by pip. Fails where the index has no such file.
#
# run, pip: as in debian.nix and default.nix. root: the file system whose files are read.
{ run ? null, pip ? null, root ? "" }:
let
  inherit (builtins) concatMap elemAt filter getEnv head isString match pathExists readFile replaceStrings split;
  isSet = x: x != "";
  first = list: if list == [ ] then "" else head list;
  exists = path: isSet path && pathExists (root + path);
  bare = url: let m = match "(.*[^/])/*" url; in if m == null then url else head m;

  home = getEnv "HOME";
  config = getEnv "XDG_CONFIG_HOME";
  # as pip: the later ones in its list win, which are the first here
  files = filter exists (
    (if isSet (getEnv "PIP_CONFIG_FILE") then [ (getEnv "PIP_CONFIG_FILE") ] else [ ])
    ++ (if isSet config then [ "${config}/pip/pip.conf" ] else [ "${home}/.config/pip/pip.conf" ])
    ++ [ "${home}/.pip/pip.conf" "/etc/pip.conf" "/etc/xdg/pip/pip.conf" ]);
  lines = concatMap (file: filter isString (split "\n" (readFile (root + file)))) files;
  # of whatever section: `global` and those of its commands
  setting = name: first (map head (filter (m: m != null) (map (match "[ \t]*${replaceStrings [ "-" ] [ "[-_]" ] name}[ \t]*[=:][ \t]*([^ \t]+)[ \t]*") lines)));

  index = bare (first (filter isSet [ (getEnv "RULES_ESP32_PYPI") (getEnv "PIP_INDEX_URL") (setting "index-url") ]));
  cert = let file = first (filter exists [
    (getEnv "PIP_CERT") (setting "cert") (getEnv "NIX_SSL_CERT_FILE") (getEnv "SSL_CERT_FILE") (getEnv "REQUESTS_CA_BUNDLE")
    "/etc/ssl/certs/ca-certificates.crt" "/etc/ssl/certs/ca-bundle.crt" "/etc/pki/tls/certs/ca-bundle.crt"
  ]); in if file == "" then "" else root + file;
in {
  inherit index cert;

  download = { name, version, file, sha256 }: run (replaceStrings [ "~" "%" "!" ] [ "-" "-" "-" ] file) ./pypi.sh {
    inherit index version file pip;
    project = name;
    pinned = sha256;
    cert = if cert == "" then "" else builtins.path { path = cert; name = "ca-certificates.crt"; };
    outputHash = sha256;
    outputHashAlgo = "sha256";
    outputHashMode = "flat";
    impureEnvVars = [ "http_proxy" "https_proxy" "ftp_proxy" "all_proxy" "no_proxy" "HTTP_PROXY" "HTTPS_PROXY" "ALL_PROXY" "NO_PROXY" ];
  };
}
