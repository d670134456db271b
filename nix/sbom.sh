# Builder of sbom: $sbom_NAME to $out/NAME.cdx.json, for each of $names (with _ for -).
mkdir $out
for name in $names; do
  eval "printf '%s\\n' \"\$sbom_$(echo $name | tr - _)\"" >$out/$name.cdx.json
done
