# postInstall of esp-idf-tools.
rm -rf lib/openssl $libdir/ossl-modules $libdir/engines-3
find bin ! -type d ! -name cmake ! -name ninja ! -name python3 ! -name python3.14 -exec rm {} +
find share -mindepth 1 -maxdepth 1 ! -name "cmake-*" -exec rm -r {} +
ln -s python3 bin/python

if [ "$wheels" ]; then
  mkdir $OLDPWD/wheels
  requirements=
  for wheel in $wheels; do
    name=${wheel##*/}
    name=${name#*-}
    cp $wheel $OLDPWD/wheels/$name
    name=${name%.tar.gz}
    # NAME-VERSION, of a source archive or of a wheel
    version=${name#*-}
    requirements="$requirements ${name%%-*}==${version%%-*}"
  done
  # by name, because pip notes where a file was that is given by its path
  SOURCE_DATE_EPOCH=315532800 $pip/bin/python3 -m pip install --quiet --isolated --disable-pip-version-check --no-cache-dir --no-compile \
    --use-deprecated legacy-certs --no-index --no-deps --no-build-isolation --find-links $OLDPWD/wheels --target $OLDPWD/site $requirements
  rm -rf $OLDPWD/site/bin
  cp -r $OLDPWD/site/. lib/python3/dist-packages/
fi
# does each module have what it wants, in a version that it wants?
PYTHONPATH=$out/lib/python3/dist-packages $pip/bin/python3 -m pip --isolated --disable-pip-version-check check
