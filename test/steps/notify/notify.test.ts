import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SlipwayError } from '../../../src/core/index.ts';
import { notify } from '../../../src/steps/notify/index.ts';
import { contextWith, failsWith } from '../context.ts';

const refuse = () => Promise.reject(new SlipwayError('NOTIFY_REJECTED', 'the channel answered 404'));
function tell(input: object, send: () => Promise<void> = () => Promise.resolve(), signal?: AbortSignal) {
  assert.ok(notify.target === 'none');
  const sent: unknown[] = [];
  const port = { send: (message: unknown) => (sent.push(message), send()) };
  const context = contextWith({ notify: port }, signal ? { signal } : {});
  return { run: notify.execute(notify.with.parse({ text: 'done', ...input }), context), sent, context };
}

test('the message names the run and, without a title, the step', async () => {
  const { run, sent } = tell({ channel: '#cab' });
  assert.deepEqual((await run).outputs, { delivered: true });
  assert.deepEqual(sent, [{ channel: '#cab', title: 'phase/step', text: 'done', runId: 'run-20261123-7k2m9qz4ab' }]);
});
test('a message that cannot be delivered fails nothing, unless it must be', async () => {
  const { run, context } = tell({}, refuse);
  assert.deepEqual((await run).outputs, { delivered: false });
  assert.match(context.lines[0] ?? '', /not delivered to log: the channel answered 404/);
  await assert.rejects(tell({ required: true }, refuse).run, failsWith('NOTIFY_REJECTED'));
});
test('a cancel is not a delivery', async () => {
  await assert.rejects(tell({}, refuse, AbortSignal.abort(new Error('enough'))).run);
});
