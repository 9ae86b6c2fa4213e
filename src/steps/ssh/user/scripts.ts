/*
 * Scripts that look at and change accounts. Each is fixed text; values come as SLIPWAY_* variables and standard input. The first
 * line names a script, so that a rehearsal can play it without a shell.
 */

const PREPARE = `LC_ALL=C; export LC_ALL
PATH=$PATH:/usr/sbin:/sbin; export PATH
has() { command -v "$1" >/dev/null 2>&1; }
entry() {
  if has getent; then getent "$1" "$2"
  else awk -F: -v name="$2" '$1 == name' "/etc/$1"
  fi
}
`;

export const NO_TOOLS_EXIT = 69;
export const UNSAFE_EXIT = 71;

/**
 * Enter the folder with the keys of an account. Its owner controls what is in there: a link would lead whoever writes as root somewhere
 * else, so the folder has to be where it says it is, and everything afterwards goes by names in it.
 */
const ENTER = `enter() {
  real=$(cd -P -- "$1" 2>/dev/null && pwd -P) || return 1
  cd -P -- "$1" || return 1
  if [ -L .ssh ] || { [ -e .ssh ] && [ ! -d .ssh ]; }; then echo 'slipway: .ssh is no plain folder' >&2; exit ${UNSAFE_EXIT}; fi
  [ -d .ssh ] || return 1
  cd -P .ssh || return 1
  [ "$(pwd -P)" = "\${real%/}/.ssh" ] || { echo 'slipway: .ssh leads elsewhere' >&2; exit ${UNSAFE_EXIT}; }
  if [ -L authorized_keys ] || { [ -e authorized_keys ] && [ ! -f authorized_keys ]; }; then echo 'slipway: authorized_keys is no plain file' >&2; exit ${UNSAFE_EXIT}; fi
}
`;

/**
 * Lines: \`uid <ours>\`, \`passwd …\`, \`primary …\`, \`groups …\`, \`missing <group>\`, \`password same|other|hidden\`, then
 * \`keys\` and the file with the keys. The hash of a password is compared there and never leaves the machine.
 */
export const LOOK_SCRIPT = `# slipway:user
${PREPARE}${ENTER}if ! has useradd || ! has usermod || ! has userdel; then
  for tool in adduser pw dscl; do if has "$tool"; then echo "found $tool"; fi; done
  uname -s
  exit ${NO_TOOLS_EXIT}
fi
echo "uid $(id -u)"
for group in $SLIPWAY_GROUPS; do [ -n "$(entry group "$group")" ] || echo "missing $group"; done
row=$(entry passwd "$SLIPWAY_NAME") || row=
[ -n "$row" ] || exit 0
printf 'passwd %s\\n' "$row"
echo "primary $(id -gn -- "$SLIPWAY_NAME")"
echo "groups $(id -Gn -- "$SLIPWAY_NAME")"
if [ -n "$SLIPWAY_HASH" ]; then
  if [ -r /etc/shadow ]; then
    shadow=$(awk -F: -v name="$SLIPWAY_NAME" '$1 == name { print $2 }' /etc/shadow)
    if [ "$shadow" = "$SLIPWAY_HASH" ]; then echo 'password same'; else echo 'password other'; fi
  else echo 'password hidden'
  fi
fi
if [ -n "$SLIPWAY_KEYS" ]; then
  home=$(printf '%s\\n' "$row" | cut -d: -f6)
  echo keys
  if enter "$home" && [ -f authorized_keys ]; then cat authorized_keys; fi
fi
exit 0
`;

/** Make, change or remove an account. What is empty stays as it is. The password comes on standard input: a process list would show an argument. */
export const ACT_SCRIPT = `# slipway:user-act
${PREPARE}set -e
name=$SLIPWAY_NAME
if [ "$SLIPWAY_ACTION" = remove ]; then
  if [ "$SLIPWAY_REMOVE_HOME" = yes ]; then exec userdel -r -- "$name"; fi
  exec userdel -- "$name"
fi
for group in $SLIPWAY_NEW_GROUPS; do
  if [ "$SLIPWAY_SYSTEM" = yes ]; then groupadd -r -- "$group"; else groupadd -- "$group"; fi
done
set --
if [ -n "$SLIPWAY_UID" ]; then set -- "$@" -u "$SLIPWAY_UID"; fi
if [ -n "$SLIPWAY_GROUP" ]; then set -- "$@" -g "$SLIPWAY_GROUP"; fi
if [ -n "$SLIPWAY_SHELL" ]; then set -- "$@" -s "$SLIPWAY_SHELL"; fi
if [ -n "$SLIPWAY_COMMENT" ]; then set -- "$@" -c "$SLIPWAY_COMMENT"; fi
if [ -n "$SLIPWAY_HOME" ]; then set -- "$@" -d "$SLIPWAY_HOME"; fi
if [ "$SLIPWAY_SET_GROUPS" = yes ]; then set -- "$@" -G "$SLIPWAY_ALL_GROUPS"; fi
if [ "$SLIPWAY_ACTION" = add ]; then
  if [ "$SLIPWAY_SYSTEM" = yes ]; then set -- "$@" -r; fi
  if [ "$SLIPWAY_MAKE_HOME" = yes ]; then set -- "$@" -m; else set -- "$@" -M; fi
  useradd "$@" -- "$name"
elif [ $# -gt 0 ]; then
  if [ -n "$SLIPWAY_HOME" ] && [ "$SLIPWAY_MAKE_HOME" = yes ]; then set -- "$@" -m; fi
  usermod "$@" -- "$name"
fi
if [ "$SLIPWAY_SET_PASSWORD" = yes ]; then
  IFS= read -r hash
  printf '%s:%s\\n' "$name" "$hash" | chpasswd -e
fi
exit 0
`;

/** Standard input becomes the file with the keys of an account, whole or not at all. Exit code 71: something leads elsewhere. */
export const KEYS_SCRIPT = `# slipway:user-keys
${PREPARE}${ENTER}set -e
umask 077
home=$(entry passwd "$SLIPWAY_NAME" | cut -d: -f6)
owner=$(id -u -- "$SLIPWAY_NAME"):$(id -g -- "$SLIPWAY_NAME")
[ -d "$home" ] || { echo "slipway: $SLIPWAY_NAME has no home folder $home" >&2; exit 1; }
if [ ! -e "$home/.ssh" ] && [ ! -L "$home/.ssh" ]; then mkdir "$home/.ssh"; chown -h "$owner" "$home/.ssh"; fi
enter "$home" || { echo "slipway: cannot enter $home/.ssh" >&2; exit 1; }
beside=".slipway-$SLIPWAY_NONCE"
rm -f "$beside"
trap 'rm -f "$beside"' EXIT
trap 'exit 1' HUP INT PIPE TERM
# Made by this very call, so that it cannot be a link that the owner of the folder put there.
set -C
cat >"$beside"
set +C
[ "$(wc -c <"$beside" | tr -d ' ')" = "$SLIPWAY_BYTES" ] || { echo 'slipway: the keys did not arrive whole' >&2; exit 1; }
chown -h "$owner" "$beside"
sync "$beside" 2>/dev/null || sync
mv -f "$beside" authorized_keys
trap - EXIT
exit 0
`;
