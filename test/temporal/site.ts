import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { sqlite } from '../engine/conformance/stores.ts';
import { type TemporalPlace, temporalRig, type TemporalRig } from '../engine/conformance/temporal.ts';
import { startServer } from './server.ts';

/** A server of its own, a worker on it, and somebody who looks at the server from outside. */
export interface Site extends AsyncDisposable {
  readonly client: Client;
  readonly rig: TemporalRig;
}

export async function openSite(place: Omit<TemporalPlace, 'address' | 'cacheDir'>): Promise<Site> {
  const server = await startServer(process.env['SLIPWAY_TEMPORAL'] ?? '');
  const client = new Client({ connection: await Connection.connect({ address: server.address }) });
  const rig = await temporalRig(sqlite, { address: server.address, cacheDir: join(tmpdir(), 'slipway-test-workflows'), ...place });
  return {
    client,
    rig,
    [Symbol.asyncDispose]: async () => {
      await rig[Symbol.asyncDispose]();
      await client.connection.close();
      await server[Symbol.asyncDispose]();
    },
  };
}
