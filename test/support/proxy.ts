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
  /** Connections that were made so far, and bytes that arrived over them. */
  readonly passed: { connections: number; toServer: number; toClient: number };
  /** Cut every connection that is there. */
  cut(): void;
  /** Let so many more bytes arrive on one side, then reset every connection that is there; once. */
  cutAfter(side: Side, bytes: number): void;
  /** Let nobody in any more, or again. */
  refuse(refused: boolean): void;
}
/** `hold` swallows: the bytes never arrive, and nobody is told. */
export type Passing = 'pass' | 'hold';
export type Side = 'toServer' | 'toClient';

export async function startProxy(target: number): Promise<Proxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let isRefusing = false;
  let left: { readonly side: Side; bytes: number } | undefined;
  const pass = (side: Side, bytes: Buffer, to: Socket): void => {
    if (proxy[side] === 'hold') return;
    const isLast = left?.side === side && left.bytes <= bytes.length;
    const part = left && isLast ? bytes.subarray(0, left.bytes) : bytes;
    proxy.passed[side] += part.length;
    if (left?.side === side) left.bytes -= part.length;
    if (!isLast) return void to.write(part);
    left = undefined;
    // What arrives, arrives before the end; whoever sent it hears of nothing but the end.
    for (const pair of [...pairs]) for (const socket of pair) if (socket !== to) socket.resetAndDestroy();
    to.end(part);
  };
  const server = createServer((client) => {
    if (isRefusing) return void client.destroy();
    proxy.passed.connections++;
    const upstream = connect(target, '127.0.0.1');
    const pair = [client, upstream] as const;
    pairs.add(pair);
    const end = (ended: Socket): void => {
      pairs.delete(pair);
      // A side that is being told the last bytes ends by itself.
      for (const socket of pair) if (socket !== ended && !socket.writableEnded) socket.destroy();
    };
    client.on('data', (bytes: Buffer) => {
      proxy.onSent(bytes);
      pass('toServer', bytes, upstream);
    });
    upstream.on('data', (bytes: Buffer) => pass('toClient', bytes, client));
    for (const socket of pair) socket.on('close', () => end(socket)).on('error', () => end(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  const proxy: Proxy = {
    port,
    toServer: 'pass',
    toClient: 'pass',
    onSent: () => undefined,
    passed: { connections: 0, toServer: 0, toClient: 0 },
    cut: () => {
      for (const [client, upstream] of [...pairs]) {
        client.destroy();
        upstream.destroy();
      }
    },
    cutAfter: (side, bytes) => void (left = { side, bytes }),
    refuse: (refused) => void (isRefusing = refused),
    [Symbol.asyncDispose]: async () => {
      proxy.cut();
      server.close();
      await once(server, 'close');
    },
  };
  return proxy;
}
