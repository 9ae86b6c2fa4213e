import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf, Secret, SlipwayError } from '../../../src/core/index.ts';
import {
  kindOf,
  type Ports,
  type PreviewContext,
  type PulumiPort,
  type StackChange,
  type StackControl,
  type StackPreview,
  type StackState,
  type StackTarget,
  type StepContext,
} from '../../../src/steps/index.ts';

const DIGEST = digestOf(['a']);
const NOTHING: StackPreview = { changes: [], counts: { same: 3 }, warnings: [], approximate: false };
const CHANGE: StackChange = {
  op: 'update',
  type: 'aws:s3/bucket:Bucket',
  name: 'data',
  urn: 'urn:pulumi:prod::demo::aws:s3/bucket:Bucket::data',
  properties: ['tags'],
  facts: {},
};
const SETTLED: StackState = { exists: true, digest: DIGEST, resources: 3, outputs: {}, pending: [] };

/** A port that remembers what it was asked, and says what the test wants. */
function fakePulumi(says: { readonly preview?: StackPreview; readonly states?: readonly StackState[]; readonly counts?: object; readonly fail?: Error } = {}) {
  const calls: { readonly name: string; readonly target: StackTarget }[] = [];
  const states = [...(says.states ?? [SETTLED])];
  const answer = (name: string) => async (target: StackTarget) => {
    calls.push({ name, target });
    if (says.fail) throw says.fail;
    return { counts: says.counts ?? { create: 2, same: 1 }, outputs: { url: 'https://a', key: new Secret('hidden-text') }, stateDigest: DIGEST };
  };
  const port: PulumiPort = {
    state: async (target) => {
      calls.push({ name: 'state', target });
      return states.length > 1 ? (states.shift() ?? SETTLED) : (states[0] ?? SETTLED);
    },
    preview: async (target, operation) => {
      calls.push({ name: `preview ${operation}`, target });
      if (says.fail) throw says.fail;
      return says.preview ?? NOTHING;
    },
    up: async (target, control: StackControl) => {
      control.onProgress?.('creating data (aws:s3/bucket:Bucket)');
      return answer('up')(target);
    },
    refresh: answer('refresh'),
    destroy: answer('destroy'),
    import: answer('import'),
  };
  return { port, calls, names: () => calls.map((call) => call.name) };
}

function contextWith(pulumi: PulumiPort) {
  const log: string[] = [];
  const beats = { count: 0 };
  const ports = {
    pulumi,
    clock: {
      now: () => 0,
      monotonic: () => 0,
      sleep: (_: number, signal?: AbortSignal) => new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(new Error('ended')))),
    },
  };
  const shared = { ports: ports as unknown as Ports, checkout: '/checkout', signal: new AbortController().signal }; // a stack kind uses these two ports only
  const context: StepContext = {
    ...shared,
    runId: 'run-20260101-0000000000',
    path: 'provision/analytics',
    attempt: 1,
    idempotencyKey: 'key',
    rehearsal: false,
    heartbeat: () => void beats.count++,
    log: (line) => void log.push(line),
  };
  const preview: PreviewContext = { ...shared, hosts: [], options: { timeoutMs: 1_000 }, approximate: false };
  return { context, preview, log, beats };
}

function stackKind(uses: string) {
  const kind = kindOf(uses);
  assert.ok(kind?.target === 'stack');
  return kind;
}

test('up runs the stack of the checkout and hands its outputs on', async () => {
  const fake = fakePulumi();
  const { context, log, beats } = contextWith(fake.port);
  const kind = stackKind('pulumi.up');
  const secret = new Secret('hidden-text');
  const outcome = await kind.execute(kind.with.parse({ stack: 'aws-analytics/prod', config: { owner: 'team-erp', password: secret } }), context);
  const { target } = fake.calls[0] ?? assert.fail();
  assert.deepEqual([target.program, target.name, target.checkout, target.config['password']], ['aws-analytics', 'prod', '/checkout', secret]);
  assert.equal(target.options?.message, 'run-20260101-0000000000 provision/analytics', 'the history of the stack names the run');
  assert.deepEqual([outcome.status, outcome.summary], ['changed', '2 created']);
  assert.ok(kind.outputs.safeParse(outcome.outputs).success);
  assert.deepEqual(log, ['creating data (aws:s3/bucket:Bucket)']);
  assert.ok(beats.count > 0);
});

test('nothing changed is ok, not changed', async () => {
  const fake = fakePulumi({ counts: { same: 3 } });
  const kind = stackKind('pulumi.refresh');
  const outcome = await kind.execute(kind.with.parse({ stack: 'demo/prod', clearPendingCreates: true }), contextWith(fake.port).context);
  assert.deepEqual([outcome.status, outcome.summary], ['ok', 'no changes']);
  assert.equal(fake.calls[0]?.target.options?.clearPendingCreates, true);
});

for (const [uses, looked] of [
  ['pulumi.up', 'preview up'],
  ['pulumi.refresh', 'preview refresh'],
  ['pulumi.preview', 'preview up'],
] as const) {
  test(`${uses} with expectNoChanges touches nothing when something would change`, async () => {
    const fake = fakePulumi({ preview: { ...NOTHING, changes: [CHANGE], counts: { update: 1 } } });
    const kind = stackKind(uses);
    await assert.rejects(kind.execute(kind.with.parse({ stack: 'demo/prod', expectNoChanges: true }), contextWith(fake.port).context), {
      code: 'PULUMI_UNEXPECTED_CHANGES',
      exitCode: 7,
      message: 'demo/prod should not change, but would: update data (aws:s3/bucket:Bucket)',
    });
    assert.deepEqual(fake.names(), [looked]);
  });
}

test('a preview shows the state it is about, and an import shows what it takes', async () => {
  const fake = fakePulumi({ preview: { ...NOTHING, changes: [CHANGE] } });
  const { preview } = contextWith(fake.port);
  const destroy = stackKind('pulumi.destroy');
  assert.deepEqual(await destroy.preview?.(destroy.with.parse({ stack: 'demo/prod' }), preview), {
    type: 'stack',
    stack: 'demo/prod',
    operation: 'destroy',
    stateDigest: DIGEST,
    preview: { ...NOTHING, changes: [CHANGE] },
  });
  const take = stackKind('pulumi.import');
  const shown = await take.preview?.(take.with.parse(take.example), preview);
  assert.ok(shown?.type === 'stack');
  assert.deepEqual(shown.preview.counts, { import: 1 });
});

test('a place holder in the configuration is not a mistake, anything else is', async () => {
  const fake = fakePulumi({ fail: new SlipwayError('PULUMI_CONFIG', 'weight is not a whole number') });
  const { preview } = contextWith(fake.port);
  const kind = stackKind('pulumi.up');
  const input = kind.with.parse({ stack: 'demo/prod', config: { weight: '(known after apply)' } });
  assert.equal((await kind.preview?.(input, { ...preview, approximate: true }))?.type, 'note');
  await assert.rejects(async () => kind.preview?.(input, preview), { code: 'PULUMI_CONFIG' });
});

const pending = (operation: string): StackState => ({ ...SETTLED, pending: [{ urn: CHANGE.urn, operation }] });
test('after a crash unfinished operations are looked up, then the step runs again', async () => {
  const kind = stackKind('pulumi.up');
  const input = kind.with.parse({ stack: 'demo/prod' });
  const clean = fakePulumi();
  assert.deepEqual(await kind.probe?.(input, contextWith(clean.port).context), { verdict: 'notDone' });
  assert.deepEqual(clean.names(), ['state']);
  const updating = fakePulumi({ states: [pending('updating'), SETTLED] });
  assert.deepEqual(await kind.probe?.(input, contextWith(updating.port).context), { verdict: 'notDone' });
  assert.deepEqual(updating.names(), ['state', 'refresh', 'state']);
  const creating = await kind.probe?.(input, contextWith(fakePulumi({ states: [pending('creating')] }).port).context);
  assert.ok(creating?.verdict === 'unknown');
  assert.match(creating.reason, /creating data/);
});

test('shapes refuse what could be misread', () => {
  const up = stackKind('pulumi.up').with;
  for (const wrong of [
    { stack: 'demo' },
    { stack: '../demo/x' },
    { stack: 'demo/x', config: { 'a b': '1' } },
    { stack: 'demo/x', targets: ['data'] },
    { stack: 'demo/x', extra: 1 },
  ]) {
    assert.equal(up.safeParse(wrong).success, false, JSON.stringify(wrong));
  }
});
