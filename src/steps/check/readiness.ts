import { z } from 'zod';
import { SlipwayError } from '../../core/index.ts';
import { defineStep } from '../kind.ts';
import { readFacts } from './readiness-facts.ts';
import { missesOf } from './readiness-rules.ts';
import { ReadinessInput } from './readiness-shape.ts';

/** Is a host fit for what comes? Every miss is listed, not only the first. Fails with `NOT_READY`, or the codes of SSH. */
export const checkReadiness = defineStep({
  uses: 'check.readiness',
  summary: 'check that hosts are fit: disk, memory, load, clock, ports, files',
  with: ReadinessInput,
  outputs: z.strictObject({ facts: z.record(z.string(), z.json()) }),
  example: { disk: '>20%', memory: '>10%', clock: '<1s', files: ['/etc/erp'] },
  mutates: false,
  failureTrigger: 'healthFailed',
  describe: (input) => `check readiness: ${Object.keys(input).join(', ')}`,
  target: 'hosts',
  idempotency: 'safe',
  executeHost: async (input, context) => {
    const facts = await readFacts(input, context);
    const misses = missesOf(facts, input);
    if (misses.length === 0) return { status: 'ok', outputs: { facts: { ...facts } }, summary: 'ready' };
    throw new SlipwayError('NOT_READY', `${context.host.name} is not ready: ${misses.join('; ')}`, {
      retry: 'afterBackoff',
      hint: 'fix the host, or change the limits in the runbook',
    });
  },
});
