/** Slipway's own engine, SSH and journal, driven as a run is: every intent durable before its effect, a result per host, output masked. */
import { join } from 'node:path';
import { createMasker, Secret, systemClock } from '../../../src/core/index.ts';
import { createSsh } from '../../../src/effects/ssh/index.ts';
import { createExecutor, driveRun, type EventBody } from '../../../src/engine/index.ts';
import { openJournal, openSpillIn } from '../../../src/journal/index.ts';
import type { HostRule, PlanGraph, PlanNode } from '../../../src/plan/index.ts';
import { type Host, kindOf, type Ports } from '../../../src/steps/index.ts';
import { AT_ONCE, mark, readSpec, type Spec } from '../spec.ts';

const RUN_ID = 'run-20261123-0000000000';
const spec = readSpec();
const nameOf = (index: number): string => `host-${index}`;

function ruleOf({ addresses, strategy }: Spec): HostRule {
  const names = addresses.map((_, index) => nameOf(index));
  return { pattern: 'all', names, serial: [{ fraction: 1 }], throttle: AT_ONCE, strategy, anyErrorsFatal: false, runOnce: false };
}

function nodesOf(given: Spec): PlanNode[] {
  const base = (id: string) => ({
    ...{ path: `p/${id}`, phase: 'p', id, label: id, role: 'step' as const, failFast: true, timeoutMs: 1_800_000, hosts: ruleOf(given) },
    retry: { attempts: 1, initialMs: 1, factor: 1, maxMs: 1, jitter: 'none' as const, except: [] },
    ...{ onFailure: 'fail' as const, mutates: true, trigger: 'stepFailed' as const, pointOfNoReturn: false, source: { file: 'bench.yaml', line: 1 } },
  });
  if (given.files) {
    const node = base('files');
    const input = { src: '${{ item }}', dest: '/srv/files/${{ item }}' };
    return [{ ...node, uses: 'ssh.copy', idempotency: 'safe', needs: [], with: input, foreach: [...given.files.names], maxParallel: 16 }];
  }
  return Array.from({ length: given.tasks }, (_, index): PlanNode => {
    const needs = index === 0 ? [] : [`p/t${index}`];
    return { ...base(`t${index + 1}`), uses: 'ssh.run', idempotency: 'manual', needs, with: { cmd: 'true' } };
  });
}

function graphOf(nodes: readonly PlanNode[]): PlanGraph {
  const paths = nodes.map(({ path }) => path);
  return {
    ...{ runbook: 'bench', metadata: {}, hosts: {}, sla: [], environment: {}, outputs: {}, calls: {} },
    phases: [{ id: 'p', type: 'custom', onOverrun: 'finish', watch: [], nodes: paths, waves: [paths] }],
    nodes: Object.fromEntries(nodes.map((node) => [node.path, node])),
    rollback: { on: [], budgetMs: 60_000, git: 'none' },
  };
}

const masker = createMasker();
masker.add(new Secret('a-secret-of-the-bench'));
const ssh = createSsh({ clock: systemClock, masker, connectTimeoutMs: 120_000 });
const hosts = new Map(
  spec.addresses.map((address, index): [string, Host] => [
    nameOf(index),
    {
      name: nameOf(index),
      address,
      port: spec.port,
      user: 'root',
      groups: [],
      vars: {},
      jump: [],
      login: { privateKeyFile: spec.key },
      hostKeys: [spec.hostKey],
    },
  ]),
);

mark('begin');
const dir = join(spec.dir, 'state');
await using journal = openJournal<EventBody>({ dir, clock: systemClock });
const rest = { planDigest: 'sha256:bench', inputs: {}, actor: 'user:bench', rehearsal: false, checkout: spec.files?.folder ?? '/', authors: [] } as const;
const run = { id: RUN_ID, runbook: 'bench', planDigest: 'sha256:bench', createdAt: 1, rehearsal: false, labels: {} } as const;
await journal.create(run, { type: 'runCreated', graph: graphOf(nodesOf(spec)), ...rest });
const executor = createExecutor({
  ...{ runId: RUN_ID, kindOf, clock: systemClock, masker, vault: journal, checkout: rest.checkout, rehearsal: false },
  ports: { clock: systemClock, ssh } as unknown as Ports, // steps on hosts use no other port
  host: (name) => hosts.get(name) ?? fail(name),
});
const { state } = await driveRun({
  ...{ runId: RUN_ID, journal, executor, clock: systemClock, owner: 'bench:1', signal: new AbortController().signal, openSpill: openSpillIn(dir) },
  call: () => Promise.reject(new Error('nothing is called')),
});
if (state !== 'succeeded') throw new Error(`the run ended ${state}`);
// Marks as the journal tells them: a task is over when its end is on record.
for (const { at, body } of await journal.read(RUN_ID)) {
  if (body.type !== 'stepFinished') continue;
  const task = /^p\/t(\d+)$/.exec(body.path)?.[1];
  if (task !== undefined) process.stdout.write(`MARK task-${task} ${at}\n`);
}
mark(spec.files ? 'files' : 'end');
await ssh.release(RUN_ID);

function fail(name: string): never {
  throw new Error(`no host ${name}`);
}
