import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Secret, SlipwayError } from '../../../src/core/index.ts';
import { createHttp, createMetrics, type MetricsEffect, type MetricsOptions, type Place } from '../../../src/effects/index.ts';
import type { MetricsControl, SshPort } from '../../../src/steps/index.ts';

const untouched = (): never => assert.fail('this test did not expect it');
const noSsh: SshPort = { exec: untouched, terminal: untouched, read: untouched, write: untouched, release: untouched };

export interface Asking extends Disposable {
  readonly metrics: MetricsEffect;
  readonly control: MetricsControl;
  /** What it told people. */
  readonly notices: readonly string[];
}

/** The real adapters, over real HTTP. */
export function asking(more: Partial<MetricsOptions> = {}, resolve?: (host: string, port: number) => Place | undefined): Asking {
  const web = [createHttp(resolve ? { resolve } : {})];
  const metrics = createMetrics({
    http: (ca) => {
      const made = createHttp({ ...(ca === undefined ? {} : { ca }), ...(resolve ? { resolve } : {}) });
      web.push(made);
      return made;
    },
    ssh: noSsh,
    host: untouched,
    credential: () => untouched(),
    clouds: {},
    now: () => Date.now(),
    ...more,
  });
  const notices: string[] = [];
  const control = { runId: 'run-20261123-metrics000', signal: new AbortController().signal, notice: (line: string) => void notices.push(line) };
  const close = () => {
    metrics[Symbol.dispose]();
    for (const each of web) each[Symbol.dispose]();
  };
  return { metrics, control, notices, [Symbol.dispose]: close };
}

/** A resolver of credentials from a table. */
export function credentials(table: { readonly [reference: string]: string }): (reference: string) => Secret {
  return (reference) => {
    const text = table[reference];
    if (text === undefined) throw new SlipwayError('METRIC_CREDENTIAL_MISSING', `no ${reference}`);
    return new Secret(text);
  };
}

/** A local HTTP server for one test. */
export async function serving(listener: RequestListener): Promise<{ readonly port: number; readonly url: string } & AsyncDisposable> {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The SlipwayError that a promise fails with. */
export async function failure(promise: Promise<unknown>): Promise<SlipwayError> {
  const thrown: unknown = await promise.then(
    () => assert.fail('nothing failed'),
    (reason: unknown) => reason,
  );
  assert.ok(thrown instanceof SlipwayError, String(thrown));
  return thrown;
}
