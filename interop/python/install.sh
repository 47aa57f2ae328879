#!/usr/bin/env bash
# Installs Microsoft's SDKs for Python as Debian has them. Of python3-azure, which holds over 200 SDKs (580 MB, minutes to
# compile), only the few that are tested are unpacked, unchanged, into a folder; its dependencies are installed as usual.
# Prints that folder.
set -euo pipefail
cd "$(dirname "$0")/../.."

sdks=.tmp/python/sdks
if ! [ -e "$sdks/complete" ]; then
  command -v apt-get >/dev/null || { echo "this suite needs Debian's packages; run it on Debian 12" >&2; exit 1; }
  {
    apt-get update -q
    apt-get install -y -q --no-install-recommends python3 python3-msal python3-msal-extensions python3-msrest python3-aiohttp python3-six python3-typing-extensions
    rm -rf .tmp/python && mkdir -p "$sdks"
    (cd .tmp/python && apt-get -o APT::Sandbox::User=root download -q python3-azure)
    dpkg-deb --fsys-tarfile .tmp/python/python3-azure_*.deb | tar -x -C "$sdks" --strip-components=5 --wildcards \
      './usr/lib/python3/dist-packages/azure/__init__.py' './usr/lib/python3/dist-packages/azure/core/*' \
      './usr/lib/python3/dist-packages/azure/identity/*' './usr/lib/python3/dist-packages/azure/communication/identity/*' \
      './usr/lib/python3/dist-packages/azure/communication/chat/*'
    rm .tmp/python/python3-azure_*.deb
    touch "$sdks/complete"
  } >&2
fi
echo "$PWD/$sdks"
