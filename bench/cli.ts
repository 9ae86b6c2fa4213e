import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// What it costs to start: CPU time of one process, user and system, beside a bare Node and beside loading yargs alone.
// The first round fills the compile cache and is thrown away; rounds alternate, so that a busy machine hurts all alike.

const ROUNDS = 11;
const LIMIT_MS = 120;
const root = join(import.meta.dirname, '..');
const launcher = join(root, 'tools', 'slipway.mjs');
const candidates = {
  'node -e 0': ['-e', '0'],
  'node -e "require(\'yargs\')"': ['-e', "require('yargs')"],
  'slipway --help': [launcher, '--help'],
  'slipway --help, nothing cached': [join(root, 'src', 'main.ts'), '--help'],
  'slipway runs --help': [launcher, 'runs', '--help'],
} as const;

const folder = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
try {
  const medians = measure();
  console.log(`cli: CPU time to start, median of ${ROUNDS - 1}`);
  for (const [name, ms] of Object.entries(medians)) console.log(`  ${name.padEnd(34)}${ms.toFixed(0).padStart(5)} ms`);
  const help = medians['slipway --help'] ?? Infinity;
  console.log(`  slipway --help is ${help < LIMIT_MS ? 'within' : 'OVER'} its ${LIMIT_MS} ms`);
  if (help >= LIMIT_MS) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}

function measure(): Record<string, number> {
  const meter = join(folder, 'meter.cjs');
  writeFileSync(
    meter,
    `process.on('exit', () => { const { user, system } = process.cpuUsage(); require('fs').writeFileSync(process.env.METER, String((user + system) / 1000)); });`,
  );
  const times = new Map<string, number[]>(Object.keys(candidates).map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, args] of Object.entries(candidates)) {
      const ms = cpuMs(meter, args);
      if (round > 0) times.get(name)?.push(ms);
    }
  }
  return Object.fromEntries([...times].map(([name, list]) => [name, list.sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? NaN]));
}

function cpuMs(meter: string, args: readonly string[]): number {
  const report = join(folder, 'cpu');
  execFileSync(process.execPath, ['--require', meter, ...args], {
    cwd: root,
    env: { ...process.env, METER: report, SLIPWAY_CACHE: folder },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return Number(readFileSync(report, 'utf8'));
}
