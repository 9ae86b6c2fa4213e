import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whyNoSshd } from '../support/sshd.ts';
import { rehearse } from './rehearse.ts';
import { seeded } from './seeded.ts';

const missing = whyNoSshd();

// A sample; `npm run test:hosts` does it with 1,500 hosts.
test(
  'a driver that is killed on its way over many hosts: every host ends as the ledger outside says, and nothing manual ran twice',
  { skip: missing === undefined ? false : `not available: ${missing}`, timeout: 180_000 },
  async () => {
    const report = await rehearse({ hosts: 40, atOnce: 10, kills: 2, random: seeded(7) });
    assert.deepEqual([report.state, report.killed, report.faults], ['succeeded', 2, 2]);
  },
);
