/** `npm run test:hosts -- [--hosts 1500] [--at-once 100] [--kills 5] [--seed 1]`: a rehearsal against Debian's sshd; prints what happened, and fails when a host is not as the ledger outside says. */
import { parseArgs } from 'node:util';
import { whyNoSshd } from '../support/sshd.ts';
import { rehearse } from './rehearse.ts';
import { seeded } from './seeded.ts';

const { values } = parseArgs({
  options: {
    hosts: { type: 'string', default: '1500' },
    'at-once': { type: 'string', default: '100' },
    kills: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
  },
});
const missing = whyNoSshd();
if (missing !== undefined) throw new Error(missing);
const began = performance.now();
const report = await rehearse({
  hosts: Number(values.hosts),
  atOnce: Number(values['at-once']),
  kills: Number(values.kills),
  random: seeded(Number(values.seed)),
});
process.stdout.write(`${JSON.stringify({ hosts: Number(values.hosts), ...report, seconds: Math.round((performance.now() - began) / 1_000) })}\n`);
