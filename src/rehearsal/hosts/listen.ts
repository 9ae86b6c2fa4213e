import type { AddressInfo, Server } from 'node:net';

/** Listen on 127.0.0.1: on the port wanted when it is free, else on any. @returns the port. */
export async function listenNear(server: Server, wanted: number | undefined): Promise<number> {
  for (const port of wanted === undefined ? [0] : [wanted, 0]) {
    if (await listens(server, port)) return (server.address() as AddressInfo).port; // a TCP server that listens has one
  }
  throw new Error('no free port on 127.0.0.1');
}

/** Not `once` of node:events: waiting for `listening` it throws every error, and a busy port is none here. */
function listens(server: Server, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const ended = (isUp: boolean) => () => {
      server.off('listening', up).off('error', busy);
      resolve(isUp);
    };
    const up = ended(true);
    const busy = ended(false);
    server.once('listening', up).once('error', busy);
    server.listen(port, '127.0.0.1');
  });
}
