import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DriftRecord } from '../../../src/app/operate/drift/book.ts';
import { baselineOf } from '../../../src/app/operate/drift/left.ts';
import { type Looking, lookAt } from '../../../src/app/operate/drift/look.ts';
import type { RunJournal, Session, World } from '../../../src/app/index.ts';
import { createMasker, Secret, SlipwayError } from '../../../src/core/index.ts';
import type { EventBody } from '../../../src/engine/index.ts';
import type { Ports, StackChange, StackTarget } from '../../../src/steps/index.ts';
import { graphOf, hostRule, node } from '../../engine/support.ts';
import { contextWith, host } from '../../steps/context.ts';
import { movedClock, openPlace, type Place } from './place.ts';
import { record } from './telling-table.ts';

const run = (number: number): string => `run-20261123-000000000${number}`;
const graph = graphOf(
  [
    node('one/net', { uses: 'pulumi.up' }),
    node('one/more', { uses: 'pulumi.up' }),
    node('one/old', { uses: 'pulumi.up' }),
    node('one/gone', { uses: 'pulumi.destroy' }),
    node('one/look', { uses: 'pulumi.preview' }),
    node('one/command', { uses: 'ssh.run', hosts: hostRule(['lb-1']) }),
    node('one/guarded', { uses: 'ssh.run', hosts: hostRule(['lb-1'], { creates: '/etc/done' }) }),
  ],
  { runbook: 'work', hosts: { 'lb-1': { ...host, jump: [] } } },
);
const did = (path: string, input: { readonly [name: string]: string | object }): readonly EventBody[] => [
  { type: 'stepStarted', path, attempt: 1, key: 'k', with: JSON.parse(JSON.stringify(input)) as never },
  { type: 'stepFinished', path, attempt: 1, durationMs: 1, result: { state: 'changed', outputs: {} } },
];
const ended = (state: 'succeeded' | 'failed' | 'rolledBack'): EventBody => ({ type: 'runFinished', state, outputs: {} });

async function story(at: Place, bodies: readonly EventBody[], number = 1): Promise<void> {
  await record(at, movedClock(), { graph, runId: run(number), story: [{ type: 'runStarted' }, { type: 'phaseStarted', phase: 'one' }, ...bodies] });
}

test('the newest run that changed something says how things should be; one that goes on, failed or was undone does not', async () => {
  await using at = openPlace();
  const journal: RunJournal = at.journal;
  assert.deepEqual(await baselineOf(journal, 'work'), { why: 'no run has changed anything yet' });
  await story(at, [...did('one/net', { stack: 'net/prod' }), ended('succeeded')]);
  await story(at, [ended('failed')], 2);
  const found = await baselineOf(journal, 'work');
  assert.equal('runId' in found && found.runId, run(1), 'a run that was stopped before it did anything says nothing');
  assert.deepEqual(await baselineOf(journal, 'work', 'elsewhere'), { why: 'no run has changed anything yet' });
  await story(at, [...did('one/net', { stack: 'net/prod' }), ended('failed')], 3);
  assert.deepEqual(await baselineOf(journal, 'work'), { why: `the last run, ${run(3)}, is failed` });
  await story(at, did('one/net', { stack: 'net/prod' }), 4);
  await assert.rejects(baselineOf(journal, 'work'), { code: 'ALREADY_RUNNING', retry: 'afterBackoff' });
});

test('of what later steps did again only the last counts; what was destroyed is not looked for', async () => {
  await using at = openPlace();
  const stacks = [...did('one/net', { stack: 'net/prod', config: { a: '1' } }), ...did('one/more', { stack: 'net/prod', config: { a: '2' } })];
  await story(at, [
    ...stacks,
    ...did('one/old', { stack: 'old/prod' }),
    ...did('one/gone', { stack: 'old/prod' }),
    ...did('one/look', { stack: 'x/y' }),
    ended('succeeded'),
  ]);
  const found = await baselineOf(at.journal, 'work');
  assert.deepEqual('left' in found && found.left.map(({ task }) => task.path), ['one/more']);
});

/** Look with a cloud that has these changes. */
async function look(at: Place, changes: readonly StackChange[] | SlipwayError) {
  const asked: StackTarget[] = [];
  const exec: Ports['ssh']['exec'] = async () => ({ exitCode: 1, stdout: '', stderr: '', truncated: false, durationMs: 1 });
  const { ports } = contextWith({
    pulumi: {
      ...contextWith().ports.pulumi,
      state: async () => ({ exists: true, digest: 'sha256:s', resources: 1, outputs: {}, pending: [] }),
      preview: async (target, operation) => {
        assert.equal(operation, 'refresh');
        asked.push(target);
        if (changes instanceof SlipwayError) throw changes;
        return { changes, counts: {}, warnings: [], approximate: false };
      },
    },
    ssh: { ...contextWith().ports.ssh, exec, release: async () => undefined },
  });
  const world: Pick<World, 'ports' | 'host'> = { ports, host: () => host };
  const session: Pick<Session, 'masker' | 'signal'> = { masker: createMasker(), signal: new AbortController().signal };
  const looking = { session, world, journal: at.journal, graph, checkout: '/files' } as Looking; // all that looking asks of them
  const found = await baselineOf(at.journal, 'work');
  assert.ok('left' in found);
  return { asked, looked: await lookAt(looking, found.left) };
}
const change = (op: StackChange['op'], name: string): StackChange => ({
  op,
  name,
  type: 'aws:s3:Bucket',
  urn: `urn:pulumi:${name}`,
  properties: ['tags'],
  facts: {},
});

test('a stack is compared with the cloud, with the configuration of its run; findings name what differs and no value', async () => {
  await using at = openPlace();
  const $secret = await at.journal.seal(run(1), new Secret('a long password'));
  await story(at, [...did('one/net', { stack: 'net/prod', config: { password: { $secret } }, message: 'first' }), ended('succeeded')]);
  const { asked, looked } = await look(at, [change('same', 'a'), change('update', 'b'), change('delete', 'c')]);
  const password = asked[0]?.config['password'];
  assert.equal(password instanceof Secret && password.reveal(), 'a long password');
  assert.deepEqual([asked[0]?.program, asked[0]?.name], ['net', 'prod']);
  assert.deepEqual(looked, {
    findings: [{ path: 'one/net', what: 'net/prod', changes: ['update b (aws:s3:Bucket): tags', 'delete c (aws:s3:Bucket): tags'] }],
    ...{ blind: [], compared: 1 },
  });
  assert.ok(DriftRecord.shape.findings.safeParse(looked.findings).success);
});

test('what cannot be looked at is no drift and is not all well; commands are compared only where they say what shows that they need not run', async () => {
  await using at = openPlace();
  const hosts = [...did('one/command', { cmd: 'make it so' }), ...did('one/guarded', { cmd: 'make it so' })];
  await story(at, [...did('one/net', { stack: 'net/prod' }), ...hosts, ended('succeeded')]);
  const { looked } = await look(at, new SlipwayError('PULUMI_AUTH', 'the cloud says no'));
  assert.deepEqual(looked.blind, ['one/net: PULUMI_AUTH the cloud says no']);
  assert.deepEqual(
    looked.findings.map(({ path, what }) => [path, what]),
    [['one/guarded', 'lb-1']],
  );
  assert.equal(looked.compared, 1);
});
