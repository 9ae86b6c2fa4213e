import { z } from 'zod';
import type { JsonObject } from '../../../core/index.ts';
import { defineStep } from '../../kind.ts';
import { previewHosts } from '../preview.ts';
import { factsOf, hasFacts } from './gather.ts';
import { Facts, GATHER, lasting, partsOf } from './schema.ts';

/** Learn what kind of machines hosts are, by one portable shell script. Fails with `SSH_EXIT`, `SSH_FACTS`, or the codes of SSH. */
export const sshFacts = defineStep({
  uses: 'ssh.facts',
  summary: 'learn what kind of machines hosts are',
  with: z.strictObject({
    gather: z
      .array(z.enum(GATHER))
      .min(1)
      .default([...GATHER])
      .meta({ description: 'which facts to hand on; all when absent' }),
    fresh: z.boolean().default(false).meta({ description: 'ask again, although the host has told in this run' }),
  }),
  outputs: Facts.partial().required({ hostname: true }),
  example: { gather: ['system', 'disks'] },
  mutates: false,
  describe: ({ gather }) => (gather.length === GATHER.length ? 'gather facts' : `gather facts: ${gather.join(', ')}`),
  target: 'hosts',
  idempotency: 'safe',
  describesHosts: true,
  executeHost: async ({ gather, fresh }, context) => {
    const isKnown = !fresh && hasFacts(context);
    const facts = await factsOf(context, { fresh });
    context.heartbeat();
    return { status: 'ok', outputs: partsOf(facts, gather), summary: `${wordsOf(facts)}${isKnown ? ' (told earlier in the run)' : ''}` };
  },
  preview: ({ gather }, context) =>
    previewHosts(context, async (look) => {
      const facts = await factsOf(look);
      // Through JSON: an object of the schema is plain data.
      return { verdict: 'ok', detail: wordsOf(facts), facts: JSON.parse(JSON.stringify(lasting(partsOf(facts, gather)))) as JsonObject };
    }),
});

function wordsOf({ os, arch, cpus }: Facts): string {
  return `${os}, ${arch}, ${cpus} CPUs`;
}
