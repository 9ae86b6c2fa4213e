import { GROUPS } from './registry.ts';

/** What `slipway --help` prints; loads no command. */
export function topHelp(version: string): string {
  const width = Math.max(...GROUPS.flatMap((group) => group.entries.map((entry) => entry.usage.length))) + 2;
  const groups = GROUPS.map(({ title, entries }) => [`${title}:`, ...entries.map(({ usage, about }) => `  ${usage.padEnd(width)}${about}`)].join('\n'));
  return `slipway ${version}: infrastructure changes from pull request to production, and back again

usage: slipway <command> [options]

${groups.join('\n\n')}

options of every command:
  --json      results as JSON
  --no-color  no colours; so does NO_COLOR
  --server    address of a server that does the work; so does SLIPWAY_SERVER
  -h, --help  what a command takes

Results go to stdout, everything else to stderr. "slipway rehearse erp-to-cloud" is a good first command.
`;
}
