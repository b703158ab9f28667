#!/bin/sh
# What an operator types as `veritape` on a server: link it to /usr/local/bin/veritape. Root becomes the user of the units,
# because the executor could not write to files of root; only what changes the machine stays root.
program=$(dirname "$(readlink -f "$0")")/../dist/commands/main.js
export VERITAPE__LEDGER=/var/lib/veritape/ledger VERITAPE__STATE=/var/lib/veritape/state
case "$(id -u) ${1-}" in
'0 units' | '0 deploy') exec node "$program" "$@" ;;
'0 '*)
  cd /var/lib/veritape || exit 73
  exec setpriv --reuid=veritape --regid=veritape --clear-groups node "$program" "$@"
  ;;
*) exec node "$program" "$@" ;;
esac
