import { z } from 'zod';
import { messageOf, PATTERN } from '../../core/index.ts';
import { Duration } from '../fields.ts';
import { defineStep } from '../kind.ts';

const HostName = z.string().refine((text) => PATTERN.host.test(text) || /^[0-9a-fA-F:]+$/.test(text), { error: 'not a host name or address' });

/** Connect to a port and close. Fails with `TCP_UNREACHABLE` or `TCP_TIMEOUT` after the last attempt. */
export const checkTcp = defineStep({
  uses: 'check.tcp',
  summary: 'check that a TCP port accepts connections',
  with: z.strictObject({
    host: HostName,
    port: z.int().min(1).max(65_535),
    timeout: Duration.optional().meta({ description: 'of one connection; 5s when absent' }),
    attempts: z.int().min(1).max(1_000).default(1),
    interval: Duration.optional().meta({ description: 'between attempts; 2s when absent' }),
  }),
  outputs: z.strictObject({ connectMs: z.number(), attempts: z.int() }),
  example: { host: 'db.example.com', port: 5432 },
  mutates: false,
  failureTrigger: 'healthFailed',
  describe: ({ host, port }) => `check TCP ${host}:${port}`,
  target: 'none',
  idempotency: 'safe',
  execute: async ({ host, port, timeout, attempts, interval }, { ports, signal, log, heartbeat }) => {
    for (let attempt = 1; ; attempt++) {
      try {
        const { connectMs } = await ports.tcp.connect({ host, port, timeoutMs: timeout ?? 5_000 }, signal);
        return { status: 'ok', outputs: { connectMs, attempts: attempt }, summary: `connected in ${Math.round(connectMs)} ms` };
      } catch (thrown) {
        if (signal.aborted || attempt >= attempts) throw thrown;
        log(`attempt ${attempt} of ${attempts}: ${messageOf(thrown)}`);
        heartbeat();
        await ports.clock.sleep(interval ?? 2_000, signal);
      }
    }
  },
});
