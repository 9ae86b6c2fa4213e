import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig, toolPaths } from '../src/config/index.ts';
import { createMasker } from '../src/core/index.ts';
import { openApp } from '../src/wire.ts';

// Claim: planning a runbook without stacks takes under 150 ms when the process is warm. The peer is one `opa eval` of the
// same policies, in the same run: what judging alone costs when it is done by the command line.

const ROOT = join(import.meta.dirname, '..');
const TIMES = 15;
const LIMIT_MS = 150;

const repository = mkdtempSync(join(tmpdir(), 'slipway-bench-plan-'));
try {
  prepare(repository);
  const loaded = loadConfig({ ...process.env, SLIPWAY_HOME: join(repository, '.state') }, repository);
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join('; '));
  await using app = await openApp(loaded.value);
  const { actor, teams, root, stateDir } = loaded.value;
  const session = { actor, teams, root, stateDir, masker: createMasker(), signal: new AbortController().signal, notice: () => undefined };
  const times: number[] = [];
  for (let turn = 0; turn < TIMES; turn++) {
    const began = performance.now();
    const planned = await app.plan(session, { runbook: 'many-steps', inputs: {} });
    if (!planned.ok) throw new Error(JSON.stringify(planned.problems));
    times.push(performance.now() - began);
  }
  const { opa } = await toolPaths(loaded.value);
  const peer = median(
    Array.from({ length: 5 }, () =>
      timed(() =>
        execFileSync(opa, ['eval', '--data', join(repository, 'policies'), '--stdin-input', 'data.slipway'], {
          input: '{}',
          stdio: ['pipe', 'ignore', 'inherit'],
        }),
      ),
    ),
  );
  const warm = median(times.slice(3));
  console.log(
    `plan, 40 steps, no stacks: first ${times[0]?.toFixed(0)} ms, warm median ${warm.toFixed(0)} ms; opa eval of the same policies ${peer.toFixed(0)} ms; ratio ${(warm / peer).toFixed(2)}`,
  );
  console.log(`limit ${LIMIT_MS} ms warm: ${warm <= LIMIT_MS ? 'kept' : 'NOT KEPT'}`);
} finally {
  rmSync(repository, { recursive: true, force: true });
}

function prepare(at: string): void {
  cpSync(join(ROOT, 'policies'), join(at, 'policies'), { recursive: true });
  mkdirSync(join(at, 'runbooks'));
  const steps = Array.from({ length: 40 }, (_, index) => `      - {id: s${index}, uses: check.http, with: {url: "http://localhost:1/${index}"}}`);
  writeFileSync(
    join(at, 'runbooks', 'many-steps.yaml'),
    [
      'apiVersion: slipway/v1',
      'kind: Runbook',
      'metadata: {name: many-steps, owner: bench, tier: 3}',
      'phases:',
      '  - id: look',
      '    type: prepare',
      '    steps:',
      ...steps,
      '',
    ].join('\n'),
  );
  const git = (...args: string[]): void =>
    void execFileSync('git', ['-C', at, '-c', 'user.name=Bench', '-c', 'user.email=bench@example.org', ...args], { stdio: 'ignore' });
  git('init', '-q');
  writeFileSync(join(at, '.gitignore'), '.state\n');
  git('add', '-A');
  git('commit', '-qm', 'bench');
}

function timed(work: () => void): number {
  const began = performance.now();
  work();
  return performance.now() - began;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
