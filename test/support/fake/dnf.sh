#!/bin/sh
# A stand-in for dnf 4 and rpm, for tests in a copy of this machine: the verbs, words and exit codes that ssh.package uses.
# Under /var/lib/fake-dnf: available/<name> has one version a line, newest last; installed/<name> its version; locks the locks.
root=/var/lib/fake-dnf
if [ "${0##*/}" = rpm ]; then
  mode=; names=
  while [ $# -gt 0 ]; do
    case $1 in -q) mode=query ;; -e) mode=erase ;; --qf) shift ;; --test | --) ;; *) names="$names $1" ;; esac
    shift
  done
  for name in $names; do
    if ! [ -e "$root/installed/$name" ]; then echo "package $name is not installed"; exit 1; fi
    if [ $mode = query ]; then cat "$root/installed/$name"
    elif [ -e "$root/needed/$name" ]; then echo "error: Failed dependencies: $name is needed by (installed) $(cat "$root/needed/$name")" >&2; exit 1
    fi
  done
  exit 0
fi
verb= ; names=
while [ $# -gt 0 ]; do
  case $1 in --qf) shift ;; -*) ;; *) if [ -z "$verb" ]; then verb=$1; else names="$names $1"; fi ;; esac
  shift
done
echo "$verb$names" >>"$root/log"
# name and version of a spec: the longest available name that it begins with
split() {
  spec=$1; name=$1; version=
  [ -e "$root/available/$name" ] || { name=${spec%%-[0-9]*}; version=${spec#"$name"-}; }
}
case $verb in
  makecache) exit 0 ;;
  versionlock) cat "$root/locks" 2>/dev/null; exit 0 ;;
  repoquery) for name in $names; do [ -e "$root/available/$name" ] && printf '0:%s\n' "$(tail -n 1 "$root/available/$name")"; done; exit 0 ;;
esac
if [ -e "$root/locked" ]; then
  left=$(cat "$root/locked"); left=$((left - 1))
  if [ "$left" -le 0 ]; then rm -f "$root/locked"; else echo "$left" >"$root/locked"; fi
  echo 'Failed to obtain the transaction lock (logged in as: root).' >&2; exit 200
fi
for spec in $names; do
  split "$spec"
  case $verb in
    install | upgrade)
      [ -e "$root/available/$name" ] || { echo "Error: Unable to find a match: $spec" >&2; exit 1; }
      wanted=${version:-$(tail -n 1 "$root/available/$name")}
      grep -qx -- "$wanted" "$root/available/$name" || { echo "Error: Unable to find a match: $spec" >&2; exit 1; }
      have=$(cat "$root/installed/$name" 2>/dev/null)
      # Like dnf 4: a package that is there is not made newer by install, unless a version is named.
      if [ "$verb" = install ] && [ -n "$have" ] && [ -z "$version" ]; then continue; fi
      echo "$wanted" >"$root/installed/$name" ;;
    remove) rm -f "$root/installed/$name" ;;
    *) echo "No such command: $verb." >&2; exit 1 ;;
  esac
done
exit 0
