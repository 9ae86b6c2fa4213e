const SYSTEMS: readonly (readonly [RegExp, string, string])[] = [
  [/red hat|rhel|rocky|alma|centos|fedora|oracle/i, 'rhel', 'dnf'],
  [/suse/i, 'suse', 'zypper'],
  [/alpine/i, 'alpine', 'apk'],
  [/ubuntu/i, 'ubuntu', 'apt-get'],
];

/** What kind of system a machine plays, by the words of its variable `os`. */
export function systemOf(os: string): { readonly id: string; readonly tool: string; readonly version: string } {
  const [, id, tool] = SYSTEMS.find(([pattern]) => pattern.test(os)) ?? [/./, 'debian', 'apt-get'];
  return { id, tool, version: /\d+(\.\d+)*/.exec(os)?.[0] ?? '' };
}
