#!/bin/sh
# image_root.sh ROOT: fill ROOT with what /opt/hansa needs to run and nothing else: Python, the libraries that it and its
# packages are linked with, certificates, time zones, one user. No shell, no package manager.
set -eu
root=$1
python=$(readlink -f /usr/bin/python3)
standard=/usr/lib/$(basename "$python")

mkdir -p "$root/etc/hansa" "$root/opt" "$root/run/hansa" "$root/tmp" "$root/usr/bin" "$root/usr/lib" "$root/usr/lib64" \
  "$root/usr/share" "$root/var/lib/hansa"
ln -s usr/lib "$root/lib"
ln -s usr/lib64 "$root/lib64"
chmod 1777 "$root/tmp"

cp -a /opt/hansa "$root/opt/hansa"
cp -a "$python" "$root/usr/bin/"
ln -s "$(basename "$python")" "$root/usr/bin/python3"
cp -a "$standard" "$root/usr/lib/"
rm -rf "$root$standard"/ensurepip "$root$standard"/idlelib "$root$standard"/lib2to3 "$root$standard"/pydoc_data "$root$standard"/test
find "$root/opt/hansa" -path '*/site-packages/*' \( -name tests -o -name test -o -name include \) -type d -prune -exec rm -rf {} +
# Of Arrow: a node reads Parquet and Arrow, and neither Flight nor object stores.
find "$root/opt/hansa" -path '*/pyarrow/*' \( -name '*flight*' -o -name '*s3*' -o -name '*gcsfs*' \
  -o -name '*azurefs*' -o -name '*hdfs*' \) -type f -delete
# Not of what a wheel carries in a folder of libraries: those were moved there by a tool whose layout strip destroys.
find "$root/opt/hansa" -name '*.so*' -type f ! -path '*.libs/*' -exec strip --strip-unneeded {} +

# Shared libraries of the system that anything here is linked with; what lies in /opt/hansa is there already.
{ echo "$python"; find /opt/hansa "$standard" -name '*.so*' -type f; } | xargs -n 1 ldd 2>/dev/null \
  | sed -n 's/.*=> \(\/[^ ]*\) (.*/\1/p; s/^\t\(\/[^ ]*\) (.*/\1/p' | grep -v '^/opt/' | sort -u | while read -r library; do
    target=$(readlink -f "$(dirname "$library")")/$(basename "$library")
    mkdir -p "$root$(dirname "$target")"
    cp -L "$library" "$root$target"
done

mkdir -p "$root/etc/ssl/certs"
cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
[ ! -d /usr/share/zoneinfo ] || cp -a /usr/share/zoneinfo "$root/usr/share/"
echo 'hosts: files dns' > "$root/etc/nsswitch.conf"
printf 'root:x:0:0:root:/:/sbin/nologin\nhansa:x:10001:10001:hansa:/var/lib/hansa:/sbin/nologin\n' > "$root/etc/passwd"
printf 'root:x:0:\nhansa:x:10001:\n' > "$root/etc/group"
chown 10001:10001 "$root/run/hansa" "$root/var/lib/hansa"
