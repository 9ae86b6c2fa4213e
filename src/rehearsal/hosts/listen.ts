import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';

/** Listen on 127.0.0.1: on the port wanted when it is free, else on any. @returns the port. */
export async function listenNear(server: Server, wanted: number | undefined): Promise<number> {
  for (const port of wanted === undefined ? [0] : [wanted, 0]) {
    server.listen(port, '127.0.0.1');
    const isUp = await Promise.race([once(server, 'listening').then(() => true), once(server, 'error').then(() => false)]);
    if (isUp) return (server.address() as AddressInfo).port; // a TCP server that listens has one
  }
  throw new Error('no free port on 127.0.0.1');
}
