import { z } from 'zod';
import { defineStep } from '../kind.ts';
import { runHttpCheck } from './http-run.ts';
import { HttpCheck } from './http-shape.ts';

/** Send a request and judge the answer. Fails with `CHECK_FAILED`, or the network's own code, after the last attempt. */
export const checkHttp = defineStep({
  uses: 'check.http',
  summary: 'send an HTTP request and check the answer',
  with: HttpCheck,
  outputs: z.strictObject({ status: z.int(), latencyMs: z.number(), attempts: z.int() }),
  example: { url: 'https://erp.example.com/health', expect: { status: 200, maxLatency: '500ms' }, attempts: 5 },
  mutates: false,
  failureTrigger: 'healthFailed',
  describe: ({ method, url }) => `check ${method} ${url}`,
  target: 'none',
  idempotency: 'safe',
  execute: runHttpCheck,
});
