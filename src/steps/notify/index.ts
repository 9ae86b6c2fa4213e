import { z } from 'zod';
import { messageOf } from '../../core/index.ts';
import { defineStep } from '../kind.ts';

/** Tell people something. A message that cannot be delivered never fails a migration, unless `required` says so. */
export const notify = defineStep({
  uses: 'notify',
  summary: 'send a message to a channel',
  with: z.strictObject({
    channel: z.string().min(1).max(200).default('log').meta({ description: 'a channel of the configuration, or log' }),
    title: z.string().max(300).optional(),
    text: z.string().min(1).max(20_000),
    required: z.boolean().default(false).meta({ description: 'fail the step when the message cannot be delivered' }),
  }),
  outputs: z.strictObject({ delivered: z.boolean() }),
  example: { channel: '#cab', title: 'ERP cutover', text: 'traffic is on the new side' },
  mutates: false,
  describe: ({ channel }) => `notify ${channel}`,
  target: 'none',
  // A repeated message does less harm than a missing one.
  idempotency: 'safe',
  execute: async ({ channel, title, text, required }, { ports, path, runId, signal, log }) => {
    try {
      await ports.notify.send({ channel, title: title ?? path, text, runId }, signal);
      return { status: 'ok', outputs: { delivered: true }, summary: `sent to ${channel}` };
    } catch (thrown) {
      if (required || signal.aborted) throw thrown;
      log(`not delivered to ${channel}: ${messageOf(thrown)}`, 'stderr');
      return { status: 'ok', outputs: { delivered: false }, summary: `not delivered to ${channel}` };
    }
  },
});
