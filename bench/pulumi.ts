// What a stack operation costs over the plain Pulumi command, in pairs on the same machine, program and clouds.
//
// The peer is `pulumi up --yes --skip-preview` (or `refresh`) in a prepared project: stack made, configuration set, plugins
// on PATH. Its language host is one Node process that runs the program directly with the same compile cache, which is faster than
// Pulumi's own host (a Go process that starts Node and transpiles), so the peer is flattered. The clouds are the rehearsal's
// stand-ins: without latency, which no real cloud has and where every millisecond of ours shows, and with 300 ms per change.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createPulumi, findPulumi } from '../src/effects/pulumi/index.ts';
import { startRehearsalCloud } from '../src/rehearsal/cloud/index.ts';
import type { StackTarget } from '../src/steps/index.ts';

const LIMIT = 0.1;
const PAIRS = Number(process.env['BENCH_PAIRS'] ?? 9);
const CONFIG = { owner: 'team-erp', costCenter: '4711', 'aws:region': 'eu-central-1' };
const checkout = join(import.meta.dirname, '..');
const dir = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
const cacheDir = join(dir, 'compiled');
const cli = await findPulumi(process.env);

function cloudFor(name: string) {
  return startRehearsalCloud({ dir: join(dir, name, 'world'), node: process.execPath, now: Date.now, cacheDir });
}

function makeOurs() {
  const cloud = cloudFor('ours');
  const pulumi = createPulumi({
    stateDir: join(dir, 'ours'),
    env: process.env,
    node: process.execPath,
    now: Date.now,
    cli,
    pulumiHome: join(dir, 'home'),
    pluginPath: [cloud.pluginPath],
    extraEnv: cloud.env,
  });
  const target = (owner: string): StackTarget => ({
    program: 'aws-analytics',
    name: 'bench',
    checkout,
    config: { ...CONFIG, owner },
    runId: 'run-20260101-0000000000',
  });
  const control = { signal: new AbortController().signal };
  return { cloud, up: (owner: string) => pulumi.up(target(owner), control), refresh: (owner: string) => pulumi.refresh(target(owner), control) };
}

function makePeer() {
  const cloud = cloudFor('peer');
  const project = join(dir, 'peer', 'project');
  const backend = join(dir, 'peer', 'backend');
  for (const folder of [project, backend]) mkdirSync(folder, { recursive: true });
  writeFileSync(join(project, 'Pulumi.yaml'), JSON.stringify({ name: 'aws-analytics', runtime: 'nodejs' }));
  const path = [cloud.pluginPath, languageHost(), dirname(cli.path), process.env['PATH']].join(delimiter);
  const env = {
    ...process.env,
    ...cloud.env,
    PATH: path,
    PULUMI_HOME: join(dir, 'home'),
    PULUMI_BACKEND_URL: pathToFileURL(backend).href,
    PULUMI_CONFIG_PASSPHRASE: 'bench',
    PULUMI_SKIP_UPDATE_CHECK: 'true',
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
    AWS_REGION: 'eu-central-1',
  };
  const run = (...args: readonly string[]) =>
    execFileSync(cli.path, ['--non-interactive', ...args], { cwd: project, env, stdio: ['ignore', 'ignore', 'pipe'] });
  run('stack', 'init', 'bench');
  for (const [key, value] of Object.entries(CONFIG)) run('config', 'set', '--plaintext', '--stack', 'bench', '--', key, value);
  const flags = ['--yes', '--skip-preview', '--stack', 'bench', '--suppress-outputs'];
  return {
    cloud,
    configure: (owner: string) => run('config', 'set', '--plaintext', '--stack', 'bench', '--', 'owner', owner),
    up: () => run('up', ...flags),
    refresh: () => run('refresh', ...flags),
  };
}

/** A language host that runs the program of the checkout in its own process. */
function languageHost(): string {
  const folder = join(dir, 'host');
  mkdirSync(folder, { recursive: true });
  const sdk = createRequire(import.meta.url).resolve('@pulumi/pulumi');
  const program = pathToFileURL(join(checkout, 'stacks', 'aws-analytics', 'index.ts')).href;
  writeFileSync(
    join(folder, 'host.mjs'),
    `import { createRequire } from 'node:module';
     const require = createRequire(${JSON.stringify(sdk)});
     const grpc = require('@grpc/grpc-js');
     const { LanguageRuntimeService } = require('@pulumi/pulumi/proto/language_grpc_pb');
     const { LanguageServer } = require('@pulumi/pulumi/automation/server');
     const server = new grpc.Server();
     server.addService(LanguageRuntimeService, new LanguageServer(async () => (await import(${JSON.stringify(program)})).program()));
     server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => console.log(String(port)));`,
  );
  const file = join(folder, 'pulumi-language-nodejs');
  writeFileSync(file, `#!/bin/sh\nexec "${process.execPath}" "${join(folder, 'host.mjs')}"\n`);
  chmodSync(file, 0o755);
  return folder;
}

async function timed(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function median(values: readonly number[]): number {
  const ordered = [...values].sort((a, b) => a - b);
  return ordered[Math.floor(ordered.length / 2)] ?? 0;
}

const ours = makeOurs();
const peer = makePeer();
let owner = 'team-erp';
const flip = () => (owner = owner === 'team-erp' ? 'team-data' : 'team-erp');
const operations = [
  { name: 'up, nothing to do, no latency', latencyMs: 0, before: () => undefined, ours: () => ours.up(owner), peer: () => peer.up() },
  { name: 'up, 14 changes, 300 ms each', latencyMs: 300, before: () => peer.configure(flip()), ours: () => ours.up(owner), peer: () => peer.up() },
  { name: 'refresh, no latency', latencyMs: 0, before: () => undefined, ours: () => ours.refresh(owner), peer: () => peer.refresh() },
];

try {
  await ours.up(owner);
  peer.up();
  let isOver = false;
  for (const operation of operations) {
    for (const side of [ours, peer]) side.cloud.setFaults([], operation.latencyMs);
    const pairs: { readonly ours: number; readonly peer: number }[] = [];
    for (let index = -1; index < PAIRS; index++) {
      operation.before();
      // Who goes first alternates, so that warm caches favour nobody; the first pair only warms up.
      const first = index % 2 === 0 ? await timed(operation.ours) : await timed(operation.peer);
      const second = index % 2 === 0 ? await timed(operation.peer) : await timed(operation.ours);
      if (index >= 0) pairs.push(index % 2 === 0 ? { ours: first, peer: second } : { ours: second, peer: first });
    }
    const [mine, theirs] = [median(pairs.map((pair) => pair.ours)), median(pairs.map((pair) => pair.peer))];
    const overhead = median(pairs.map((pair) => pair.ours / pair.peer - 1));
    isOver ||= overhead > LIMIT;
    console.log(
      `pulumi: ${operation.name}: slipway ${mine.toFixed(0)} ms, plain pulumi ${theirs.toFixed(0)} ms, overhead ${(overhead * 100).toFixed(1)} % (median of ${PAIRS} pairs, limit ${LIMIT * 100} %)`,
    );
  }
  if (isOver) process.exitCode = 1;
} finally {
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
}
