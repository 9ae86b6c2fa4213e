import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface Got {
  readonly headers: IncomingHttpHeaders;
  readonly url: string;
  readonly body: string;
}
export interface Receiver extends Disposable {
  readonly got: readonly Got[];
  readonly port: number;
  /** Statuses to answer with in turn; 200 when there is none. */
  readonly answers: (number | { readonly status: number; readonly headers: { readonly [name: string]: string } })[];
}

/** Somebody who takes messages and keeps them. */
export async function openReceiver(tls?: { readonly cert: string; readonly key: string }): Promise<Receiver> {
  const got: Got[] = [];
  const answers: Receiver['answers'] = [];
  const listener: RequestListener = (request, response) => {
    const chunks: Uint8Array[] = [];
    request.on('data', (chunk: Uint8Array) => chunks.push(chunk));
    request.on('end', () => {
      got.push({ headers: request.headers, url: request.url ?? '', body: Buffer.concat(chunks).toString() });
      const answer = answers.shift() ?? 200;
      if (typeof answer === 'number') response.writeHead(answer).end();
      else response.writeHead(answer.status, answer.headers).end();
    });
  };
  const server = tls ? createTlsServer(tls, listener) : createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on TCP
  return {
    ...{ got, port, answers },
    [Symbol.dispose]: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
