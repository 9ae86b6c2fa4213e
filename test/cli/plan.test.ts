import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { digestOf, EXIT, type Parsed } from '../../src/core/index.ts';
import type { PlanBody, PlanBundle } from '../../src/plan/index.ts';
import { graph } from '../report/run/story.ts';
import { type Options, slipway, succeeded, withRun } from './fake.ts';

const folder = mkdtempSync(join(tmpdir(), 'slipway-plan-'));
after(() => rmSync(folder, { recursive: true }));

const none = digestOf('none');
function bundle(changes: Partial<PlanBody> = {}): PlanBundle {
  const body: PlanBody = {
    runbook: { name: 'erp', file: 'runbooks/erp.yaml', digest: none },
    commit: { head: '0'.repeat(40), dirty: false, tree: `sha256:${'7'.repeat(64)}` },
    inputs: { values: {}, secrets: [] },
    graph,
    previews: {},
    stacks: {},
    policies: { digest: none, names: [] },
    inventory: none,
    environments: none,
    tools: { slipway: '1.2.3', pulumi: '3.245.0', opa: '1.12.0' },
    rehearsal: false,
    expires: '2026-11-30T00:00:00.000Z',
    verdict: { decision: 'allow', findings: [] },
    ...changes,
  };
  return { version: 1, digest: digestOf('bundle'), body };
}
const mutating = (mutates: boolean) => ({
  graph: { ...graph, nodes: Object.fromEntries(Object.entries(graph.nodes).map(([path, node]) => [path, { ...node, mutates }])) },
});
const planning = (made: PlanBundle): NonNullable<Options['app']> => ({
  ...withRun(succeeded, 'succeeded'),
  plan: async () => ({ ok: true, value: made, problems: [] }),
  readPlan: async () => made,
});

test('plan: exit codes for changes, none, unexpected ones, and denial', async () => {
  const [changing, quiet] = [bundle(mutating(true)), bundle(mutating(false))];
  const code = async (made: PlanBundle, ...flags: string[]) => (await slipway(['plan', 'erp', ...flags], { app: planning(made) })).code;
  assert.equal(await code(changing), EXIT.ok);
  assert.equal(await code(changing, '--detailed-exitcode'), 2);
  assert.equal(await code(quiet, '--detailed-exitcode'), EXIT.ok);
  assert.equal(await code(changing, '--expect-no-changes'), EXIT.unexpectedChanges);
  assert.equal(await code(quiet, '--expect-no-changes'), EXIT.ok);
  for (const decision of ['deny', 'softDeny'] as const) {
    assert.equal(await code(bundle({ ...mutating(true), verdict: { decision, findings: [] } }), '--detailed-exitcode'), EXIT.policyDenied);
  }
});

test('plan: a stack preview without changes and a host check that is fine are no changes', async () => {
  const preview = { changes: [], counts: { same: 4 }, warnings: [], approximate: false };
  const path = 'prepare/facts';
  const only = { graph: { ...graph, nodes: { [path]: { ...graph.nodes[path], mutates: true } } } } as Partial<PlanBody>; // the node is there
  const stack = (counts: object) => ({
    [path]: { type: 'stack' as const, stack: 'a/b', operation: 'up' as const, stateDigest: none, preview: { ...preview, counts } },
  });
  const hosts = (verdict: 'ok' | 'wouldChange') => ({ [path]: { type: 'hosts' as const, hosts: [{ host: 'web-1', verdict }] } });
  const code = async (previews: PlanBody['previews']) =>
    (await slipway(['plan', 'erp', '--detailed-exitcode'], { app: planning(bundle({ ...only, previews })) })).code;
  assert.equal(await code(stack({ same: 4 })), 0);
  assert.equal(await code(stack({ same: 4, create: 1 })), 2);
  assert.equal(await code(hosts('ok')), 0);
  assert.equal(await code(hosts('wouldChange')), 2);
});

test('plan --out writes the bundle whole and for its owner only; --json prints it', async () => {
  const file = join(folder, 'plan.json');
  const made = bundle();
  const { code, stdout, stderr } = await slipway(['plan', 'erp', '--out', file, '--json'], { app: planning(made) });
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), made);
  assert.deepEqual(JSON.parse(stdout), made);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(folder), ['plan.json']);
  assert.match(stderr, /^plan written to .*plan\.json$/m);
});

test('plan --out to where nothing can be written is told, with exit 2', async () => {
  const { code, stderr } = await slipway(['plan', 'erp', '--out', join(folder, 'no', 'plan.json')], { app: planning(bundle()) });
  assert.equal(code, 2);
  assert.match(stderr, /cannot write the plan to .*ENOENT.* \(CANNOT_WRITE\)/);
});

test('plan: all problems on stderr, exit 2, nothing on stdout', async () => {
  const problem = {
    code: 'MISSING_INPUT',
    severity: 'error',
    file: 'runbooks/erp.yaml',
    line: 4,
    column: 3,
    path: 'inputs.a',
    message: 'input "a" is missing',
  } as const;
  const failed: Parsed<PlanBundle> = { ok: false, problems: [problem, { ...problem, line: 5 }] };
  const { code, stdout, stderr } = await slipway(['plan', 'erp'], { app: { plan: async () => failed } });
  assert.equal(code, 2);
  assert.equal(stdout, '');
  assert.match(stderr, /erp\.yaml:4:3: error: .*\n.*erp\.yaml:5:3: error: .*\nerror: no plan: 2 problems \(INVALID_RUNBOOK\)/);
});

test('apply of a plan file runs it without asking, with its secrets', async () => {
  const { code, calls, stdout } = await slipway(
    ['apply', 'plan.json', '--secret', 'db=env:DB_PASSWORD', '--override', 'sha256:1', '--override-reason', 'agreed'],
    { app: planning(bundle()) },
  );
  assert.equal(code, 0);
  assert.match(
    calls.find((call) => call.startsWith('apply(')) ?? '',
    /\{"overrides":\["sha256:1"\],"overrideReason":"agreed","secrets":\{"db":"\[secret\]"\}\}\)$/,
  );
  assert.match(stdout, /succeeded/);
});

test('apply of a runbook shows the plan and asks; only yes runs it', async () => {
  const asked: string[] = [];
  const answer = (yes: boolean): Options => ({
    app: planning(bundle()),
    deps: {
      confirm: async (question) => {
        asked.push(question);
        return yes;
      },
    },
  });
  const yes = await slipway(['apply', 'erp'], answer(true));
  assert.equal(yes.code, 0);
  assert.match(asked[0] ?? '', /^Run this plan \(sha256:[0-9a-f]{64}\)\? \[y\/N\] $/);
  const no = await slipway(['apply', 'erp'], answer(false));
  assert.equal(no.code, EXIT.cancelled);
  assert.equal(
    no.calls.some((call) => call.startsWith('apply(')),
    false,
  );
  const flag = await slipway(['apply', 'erp', '--yes'], answer(false));
  assert.equal(flag.code, 0);
  assert.equal(asked.length, 2);
});

test('apply of a runbook where nobody can be asked does nothing and exits with 12', async () => {
  const { code, stderr, calls } = await slipway(['apply', 'erp'], { app: planning(bundle()) });
  assert.equal(code, EXIT.approvalMissing);
  assert.match(stderr, /nobody is here to confirm the plan \(NOT_CONFIRMED\)\nhint: add --yes/);
  assert.equal(
    calls.some((call) => call.startsWith('apply(')),
    false,
  );
});

test('show tells a run from a plan file', async () => {
  const run = await slipway(['show', 'run-20261123-7k2m9qz4ab'], { app: planning(bundle()) });
  assert.match(run.stdout, /^run-20261123-7k2m9qz4ab {2}erp/);
  const plan = await slipway(['show', 'plan.json', '--json'], { app: planning(bundle()) });
  assert.equal((JSON.parse(plan.stdout) as PlanBundle).digest, bundle().digest);
});
