import { SlipwayError } from '../../core/index.ts';
import type { HostContext } from '../kind.ts';
import { execOn, tailOf } from './exec.ts';
import { disksOf, type Facts, type ReadinessInput } from './readiness-shape.ts';

// POSIX shell; Linux's /proc where there is no portable way. Paths arrive one a line on standard input, so that no value is ever part of the text.
const SCRIPT = `# slipway:readiness
LC_ALL=C; export LC_ALL
while IFS= read -r line; do
  kind=\${line%% *}; path=\${line#* }
  case $kind in
    disk) df -Pk -- "$path" 2>/dev/null | awk 'NR==2 { print "disk", $3, $4 } END { if (NR < 2) print "disk - -" }' ;;
    file) if [ -e "$path" ] || [ -L "$path" ]; then echo 'file yes'; else echo 'file no'; fi ;;
  esac
done
awk '/^MemTotal:/ { total = $2 } /^MemAvailable:/ { available = $2 } END { if (total && available != "") print "memory", total, available }' /proc/meminfo 2>/dev/null
awk '{ print "load", $1 }' /proc/loadavg 2>/dev/null
echo "cpus $(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)"
if [ -r /proc/net/tcp ]; then
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '$4 == "0A" { n = split($2, part, ":"); print "port", part[n] }'
  echo 'ports read'
fi
now=$(date +%s%N); case $now in *N) now=$(date +%s)000000000 ;; esac
echo "clock $now"
`;

/**
 * Read what the rules need, in one command.
 *
 * @throws {SlipwayError} `CHECK_FAILED` when the command itself fails; the codes of SSH.
 */
export async function readFacts(input: ReadinessInput, context: HostContext): Promise<Facts> {
  const disks = disksOf(input).map(([path]) => path);
  const files = input.files ?? [];
  const stdin = [...disks.map((path) => `disk ${path}`), ...files.map((path) => `file ${path}`)].map((line) => `${line}\n`).join('');
  const { clock } = context.ports;
  const sentAt = clock.now();
  const result = await execOn(context, { script: SCRIPT, env: {}, stdin });
  if (result.exitCode !== 0) {
    throw new SlipwayError('CHECK_FAILED', `cannot read facts of ${context.host.name}: exit code ${result.exitCode ?? 'none'}${tailOf(result.stderr)}`, {
      retry: 'afterBackoff',
      hint: 'check.readiness needs a POSIX shell with awk and df on the host',
    });
  }
  return factsOf(result.stdout, { disks, files, sentAt, receivedAt: clock.now() });
}

interface Asked {
  readonly disks: readonly string[];
  readonly files: readonly string[];
  readonly sentAt: number;
  readonly receivedAt: number;
}

/** Read the script's answer. */
export function factsOf(stdout: string, asked: Asked): Facts {
  const rows = stdout.split('\n').map((line) => line.trim().split(' '));
  const all = (kind: string) => rows.filter(([first]) => first === kind).map((row) => row.slice(1));
  const one = (kind: string) => all(kind)[0];
  const [total, available] = (one('memory') ?? []).map(Number);
  const load = one('load')?.[0];
  const hostClock = one('clock')?.[0];
  const diskRows = all('disk');
  const fileRows = all('file');
  return {
    diskFree: Object.fromEntries(
      asked.disks.flatMap((path, index) => {
        const [used, free] = (diskRows[index] ?? []).map(Number);
        const share = (free ?? NaN) / ((used ?? NaN) + (free ?? NaN));
        return Number.isFinite(share) ? [[path, share]] : [];
      }),
    ),
    files: asked.files.filter((_, index) => fileRows[index]?.[0] === 'yes'),
    ...(total !== undefined && total > 0 && available !== undefined ? { memoryAvailable: available / total } : {}),
    ...(load === undefined ? {} : { cpuLoad: Number(load) / Math.max(1, Number(one('cpus')?.[0] ?? 1)) }),
    ...(hostClock === undefined ? {} : { clockOffsetMs: clockOffset(Number(hostClock) / 1e6, asked) }),
    ...(one('ports') === undefined ? {} : { listeningPorts: [...new Set(all('port').map(([hex]) => parseInt(hex ?? '', 16)))].sort((a, b) => a - b) }),
  };
}

/** The least difference that explains what was seen: the host read its clock between sending and receiving. */
function clockOffset(hostMs: number, { sentAt, receivedAt }: Asked): number {
  return Math.max(0, sentAt - hostMs, hostMs - receivedAt);
}
