# Files of Debian packages, unpacked into a folder; nothing is installed.
apt_files() { # folder, package...
  mkdir -p "$1/deb"
  (
    cd "$1/deb" || exit
    { apt-get -qq download "${@:2}" || { apt-get -qq update && apt-get -qq download "${@:2}"; }; } &&
      for package in *.deb; do dpkg -x "$package" .. || exit; done
  ) >"$1/log" 2>&1 || {
    cat "$1/log" >&2
    return 1
  }
}
