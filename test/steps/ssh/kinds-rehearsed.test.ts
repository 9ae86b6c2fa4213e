import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host } from '../../../src/steps/index.ts';
import type { KindTarget } from '../../support/real-host.ts';
import { rehearse } from '../../support/rehearsed.ts';
import { kindsContract } from './kinds-contract.ts';

kindsContract('a rehearsed host', async (): Promise<KindTarget> => {
  const checkout = await mkdtemp(join(tmpdir(), 'slipway-checkout-'));
  const box = await rehearse({ web: { services: { demo: 'stopped' }, candidates: { 'slipway-demo': '2.0', 'slipway-base': '1.5' } } });
  const asRoot = (host: Host): Host => ({ ...host, user: 'root' });
  const context: KindTarget['context'] = (options) => {
    const made = box.context('web', options, checkout);
    return { ...made, host: asRoot(made.host) };
  };
  return {
    ssh: box.ssh,
    control: box.control,
    checkout,
    exec: (script, more) => box.exec('web', script, more),
    context,
    preview: (options) => ({ ...box.preview(['web'], options, checkout), hosts: [context().host] }),
    [Symbol.asyncDispose]: async () => {
      await box[Symbol.asyncDispose]();
      await rm(checkout, { recursive: true });
    },
  };
});
