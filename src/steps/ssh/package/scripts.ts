/*
 * Scripts that look at and change packages. Each is fixed text; names come on standard input, one a line, and settings as
 * SLIPWAY_* variables. The first line names a script, so that a rehearsal can play it without a shell.
 */

const PREPARE = `LC_ALL=C; export LC_ALL
PATH=$PATH:/usr/sbin:/sbin; export PATH
has() { command -v "$1" >/dev/null 2>&1; }
`;

export const NO_MANAGER_EXIT = 69;

/**
 * What is installed: \`manager <apt|dnf>\`, \`lists <age in seconds>\`, then a line a package, parts divided by tabs: name,
 * installed version, version to be had, held. What does not exist is a dash. With SLIPWAY_CACHE=only nothing is fetched.
 * Exit code 69: another manager, or none; \`found …\` says what there is.
 */
export const LOOK_SCRIPT = `# slipway:packages
${PREPARE}manager=$SLIPWAY_MANAGER
if [ "$manager" = auto ]; then
  if has apt-get && has dpkg-query; then manager=apt
  elif has dnf && has rpm; then manager=dnf
  fi
fi
case $manager in
  apt) has apt-get && has dpkg-query || manager=none ;;
  dnf) has dnf && has rpm || manager=none ;;
  *) manager=none ;;
esac
if [ "$manager" = none ]; then
  for tool in apt-get dnf yum zypper apk pacman pkg; do if has "$tool"; then echo "found $tool"; fi; done
  uname -s
  exit ${NO_MANAGER_EXIT}
fi
echo "manager $manager"
if [ "$manager" = apt ]; then
  newest=0
  for stamp in /var/lib/apt/periodic/update-success-stamp /var/lib/apt/lists/partial /var/lib/apt/lists; do
    at=$(stat -c %Y "$stamp" 2>/dev/null) && [ "$at" -gt "$newest" ] && newest=$at
  done
  # A list that was never fetched has no index in the folder.
  set -- /var/lib/apt/lists/*_Packages* /var/lib/apt/lists/*_InRelease
  [ -e "$1" ] || [ -e "$2" ] || newest=0
  echo "lists $(($(date +%s) - newest))"
  while IFS= read -r name; do
    have=- ; held=no
    rows=$(dpkg-query -W -f='\${Status}\\t\${Version}\\n' "$name" 2>/dev/null)
    row=$(printf '%s\\n' "$rows" | grep '^[a-z]* ok installed' | head -n 1)
    if [ -n "$row" ]; then have=\${row#*"$(printf '\\t')"}; case $row in hold*) held=yes ;; esac; fi
    can=$(apt-cache policy -- "$name" 2>/dev/null | sed -n 's/^  Candidate: //p' | head -n 1)
    case $can in ''|'(none)') can=- ;; esac
    printf 'package\\t%s\\t%s\\t%s\\t%s\\n' "$name" "$have" "$can" "$held"
  done
else
  echo 'lists 0'
  cache=; [ "$SLIPWAY_CACHE" = only ] && cache=-C
  locks=$(dnf -q -C versionlock list 2>/dev/null)
  while IFS= read -r name; do
    have=$(rpm -q --qf '%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\\n' -- "$name" 2>/dev/null | tail -n 1) || have=-
    case $have in ''|*'is not installed'*) have=- ;; esac
    can=$(dnf -q $cache repoquery --latest-limit=1 --qf '%{epoch}:%{version}-%{release}' -- "$name" 2>/dev/null </dev/null | tail -n 1)
    can=\${can#0:}; case $can in '') can=- ;; esac
    held=no
    for lock in $locks; do case $lock in "$name"-[0-9]*) held=yes ;; esac; done
    printf 'package\\t%s\\t%s\\t%s\\t%s\\n' "$name" "$have" "$can" "$held"
  done
fi
exit 0
`;

/** Fetch the lists of packages. SLIPWAY_AGE: only when they are older than so many seconds (dnf knows itself). */
export const REFRESH_SCRIPT = `# slipway:packages-refresh
${PREPARE}if [ "$SLIPWAY_MANAGER" = apt ]; then exec apt-get -q update </dev/null
else exec dnf -q -y --setopt=exit_on_lock=True --setopt=metadata_expire="$SLIPWAY_AGE" makecache </dev/null
fi
`;

/**
 * Install, remove or purge what standard input names: \`name\`, or \`name=version\` for apt and \`name-version\` for dnf. Configuration
 * files that somebody changed are kept, nothing asks a question. With SLIPWAY_SIMULATE=1 the manager only says what it would do.
 */
export const CHANGE_SCRIPT = `# slipway:packages-change
${PREPARE}DEBIAN_FRONTEND=noninteractive; export DEBIAN_FRONTEND
APT_LISTCHANGES_FRONTEND=none; export APT_LISTCHANGES_FRONTEND
NEEDRESTART_MODE=l; export NEEDRESTART_MODE
action=$SLIPWAY_ACTION
set --
while IFS= read -r name; do set -- "$@" "$name"; done
[ $# -gt 0 ] || exit 0
if [ "$SLIPWAY_MANAGER" = apt ]; then
  case $action in install|remove|purge) ;; *) exit 2 ;; esac
  if [ "$SLIPWAY_DOWNGRADE" = yes ]; then set -- --allow-downgrades -- "$@"; else set -- -- "$@"; fi
  if [ "$SLIPWAY_RECOMMENDS" = no ]; then set -- --no-install-recommends "$@"; fi
  if [ "$SLIPWAY_OTHERS" != yes ] && [ "$action" = install ]; then set -- --no-remove "$@"; fi
  if [ "$SLIPWAY_SIMULATE" = 1 ]; then exec apt-get -q -s -y "$action" "$@" </dev/null; fi
  exec apt-get -q -y -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$action" "$@" </dev/null
fi
case $action in purge) action=remove ;; install|remove|upgrade) ;; *) exit 2 ;; esac
if [ "$SLIPWAY_SIMULATE" = 1 ]; then
  if [ "$action" = remove ]; then exec rpm -e --test -- "$@" </dev/null; fi
  exit 0
fi
if [ "$SLIPWAY_RECOMMENDS" = no ]; then set -- --setopt=install_weak_deps=False -- "$@"; else set -- -- "$@"; fi
if [ "$action" = remove ]; then set -- --setopt=clean_requirements_on_remove=False "$@"; fi
exec dnf -q -y --setopt=exit_on_lock=True "$action" "$@" </dev/null
`;
