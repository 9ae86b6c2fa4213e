import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { systemClock } from '../../../src/core/index.ts';
import { type RehearsalHosts, startRehearsalHosts } from '../../../src/rehearsal/hosts/index.ts';
import { contract } from './contract.ts';

let world: RehearsalHosts;
let dir: string;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'slipway-hosts-'));
  world = await startRehearsalHosts({ dir, clock: systemClock, hosts: [{ name: 'box', vars: {} }] });
});
after(async () => {
  await world.stop();
  await rm(dir, { recursive: true });
});

contract('rehearsed host', () => {
  const reached = world.hosts['box'];
  if (!reached) throw new Error('the rehearsal has no host "box"');
  return {
    host: { name: 'box', groups: [], vars: {}, jump: [], ...reached },
    folder: '/srv',
    dropConnections: () => Promise.resolve(world.dropConnections('box')),
  };
});
