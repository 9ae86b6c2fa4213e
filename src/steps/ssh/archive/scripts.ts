/*
 * Scripts that look at and replace a folder that was unpacked. Each is fixed text; values come as SLIPWAY_* variables. The first line
 * names a script, so that a rehearsal can play it without a shell.
 */

const CHECKSUMS = `verify() {
  if command -v sha256sum >/dev/null 2>&1; then (cd "$1" && sha256sum -c .slipway-manifest)
  else (cd "$1" && shasum -a 256 -c .slipway-manifest)
  fi
}
`;

/** \`mark <what was unpacked>\`, then \`drifted\` when SLIPWAY_VERIFY asks and a file is another; or \`none\`, \`empty\`, \`occupied\`, \`link\`. */
export const LOOK_SCRIPT = `# slipway:archive
LC_ALL=C; export LC_ALL
dest=$SLIPWAY_PATH
${CHECKSUMS}if [ -L "$dest" ]; then echo link
elif [ -f "$dest/.slipway-archive" ]; then
  printf 'mark '; head -n 1 "$dest/.slipway-archive"
  if [ "$SLIPWAY_VERIFY" = yes ] && ! verify "$dest" >/dev/null 2>&1; then echo drifted; fi
elif [ ! -e "$dest" ]; then echo none
elif [ -d "$dest" ] && [ -z "$(ls -A "$dest")" ]; then echo empty
else echo occupied
fi
exit 0
`;

/**
 * Standard input, a tar, becomes the folder: unpacked beside it, compared file by file with its manifest, and put in its place. What is in
 * the way is moved aside first and removed last; a crash between the two is mended by the next run.
 */
export const PUT_SCRIPT = `# slipway:archive-put
LC_ALL=C; export LC_ALL
set -e
umask 022
dest=$SLIPWAY_PATH
parent=$(dirname "$dest")
fresh="$parent/.$(basename "$dest").slipway-new"
old="$parent/.$(basename "$dest").slipway-old"
${CHECKSUMS}mkdir -p "$parent"
if [ ! -e "$dest" ] && [ -d "$old" ]; then mv "$old" "$dest"; fi
rm -rf "$fresh" "$old"
mkdir "$fresh"
trap 'rm -rf "$fresh"' EXIT
trap 'exit 1' HUP INT PIPE TERM
(cd "$fresh" && tar -xpof -)
verify "$fresh" >/dev/null
chmod "$SLIPWAY_MODE" "$fresh"
if [ -n "$SLIPWAY_OWNER" ]; then chown -hR "$SLIPWAY_OWNER" "$fresh"; fi
if [ -n "$SLIPWAY_GROUP" ]; then chgrp -hR "$SLIPWAY_GROUP" "$fresh"; fi
sync -f "$fresh" 2>/dev/null || sync
if [ -e "$dest" ]; then mv "$dest" "$old"; fi
mv "$fresh" "$dest"
trap - EXIT
if command -v restorecon >/dev/null 2>&1; then restorecon -R "$dest" >/dev/null 2>&1 || true; fi
rm -rf "$old"
exit 0
`;
