import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A TCP proxy on loopback that plays a bad network between a client and a server. */
export interface Proxy extends AsyncDisposable {
  readonly port: number;
  /** What happens to bytes on their way; both pass unless told. */
  toServer: Passing;
  toClient: Passing;
  /** Called with every piece that a client sends, before it is passed on. */
  onSent: (bytes: Buffer) => void;
  /** Cut every connection that is there. */
  cut(): void;
  /** Let nobody in any more, or again. */
  refuse(refused: boolean): void;
}
/** `hold` swallows: the bytes never arrive, and nobody is told. */
export type Passing = 'pass' | 'hold';

export async function startProxy(target: number): Promise<Proxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let isRefusing = false;
  const server = createServer((client) => {
    if (isRefusing) return void client.destroy();
    const upstream = connect(target, '127.0.0.1');
    const pair = [client, upstream] as const;
    pairs.add(pair);
    const end = (): void => {
      pairs.delete(pair);
      for (const socket of pair) socket.destroy();
    };
    client.on('data', (bytes: Buffer) => {
      proxy.onSent(bytes);
      if (proxy.toServer === 'pass') upstream.write(bytes);
    });
    upstream.on('data', (bytes: Buffer) => proxy.toClient === 'pass' && client.write(bytes));
    for (const socket of pair) socket.on('close', end).on('error', end);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  const proxy: Proxy = {
    port,
    toServer: 'pass',
    toClient: 'pass',
    onSent: () => undefined,
    cut: () => {
      for (const [client, upstream] of [...pairs]) {
        client.destroy();
        upstream.destroy();
      }
    },
    refuse: (refused) => void (isRefusing = refused),
    [Symbol.asyncDispose]: async () => {
      proxy.cut();
      server.close();
      await once(server, 'close');
    },
  };
  return proxy;
}
