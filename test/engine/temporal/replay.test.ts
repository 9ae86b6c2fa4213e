import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import proto from '@temporalio/proto';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { workflowBundle } from '../../../src/engine/temporal/bundle.ts';
import { gzipCodec } from '../../../src/engine/temporal/codec.ts';

// Histories of runs as earlier versions made them. A run that was begun by an old worker has to go on with a new one: what this code decides for a history must
// be what was decided then. A change that breaks one needs patched(), or a rule of its own for runs that are started from now on.
const KEPT = join(import.meta.dirname, '../../fixtures/temporal');
const names = readdirSync(KEPT, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.bin'));

const { History } = proto.temporal.api.history.v1;
type History = proto.temporal.api.history.v1.IHistory;
/** As the server keeps it. */
const kept = (name: string): History => History.decode(readFileSync(join(KEPT, name)));

describe('histories of earlier versions', () => {
  let codePath: string;
  before(async () => {
    Runtime.install({ logger: new DefaultLogger('ERROR', () => undefined) });
    codePath = await workflowBundle(join(tmpdir(), 'slipway-test-workflows'));
  });
  const replay = (history: History): Promise<void> =>
    Worker.runReplayHistory({ workflowBundle: { codePath }, dataConverter: { payloadCodecs: [gzipCodec] } }, history, 'run-20261123-0000000000');

  for (const name of names) {
    test(`${name} goes on`, { timeout: 60_000 }, async () => {
      await replay(kept(name));
    });
  }

  test('a history in which something else was decided is refused', { timeout: 60_000 }, async () => {
    const [name = ''] = names.filter((each) => each.includes('rolled-back'));
    const other = kept(name);
    const first = other.events?.find(({ activityTaskScheduledEventAttributes: attributes }) => attributes?.activityType?.name === 'execute');
    assert.ok(first?.activityTaskScheduledEventAttributes?.activityType);
    first.activityTaskScheduledEventAttributes.activityType.name = 'executeHost';
    await assert.rejects(replay(other), /[Nn]ondeterminism|\[TMPRL1100\]/);
  });

  test('a run with rules that earlier workers do not know has a name that they do not know either', async () => {
    for (const name of names) {
      const started = kept(name).events?.[0]?.workflowExecutionStartedEventAttributes;
      const [argument] = await gzipCodec.decode(started?.input?.payloads ?? []);
      const rules = Buffer.from(argument?.data ?? []).toString();
      const newest = rules.includes('"told":') ? 'slipwayRun3' : rules.includes('"lean":true') ? 'slipwayRun2' : 'slipwayRun';
      assert.deepEqual([name, started?.workflowType?.name], [name, newest]);
    }
  });

  test('there is one of every sort', () => {
    const all = names.join('\n');
    for (const sort of ['rolled-back', 'retries', 'approval', 'cancelled', 'machines', 'looked-at', 'watch', 'called', 'continued-as-new', 'killed', 'locks'])
      assert.match(all, new RegExp(sort));
  });
});
