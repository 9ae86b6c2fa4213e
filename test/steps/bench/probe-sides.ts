import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type Evidence, parseEvidence } from '../../../src/analysis/index.ts';
import type { Digest } from '../../../src/core/index.ts';
import { createHttp } from '../../../src/effects/index.ts';
import { benchProbe } from '../../../src/steps/bench/index.ts';
import { contextWith, evidenceStore } from '../context.ts';

export type Side = { readonly url: string; readonly seen: string[]; [Symbol.dispose](): void };
export async function side(listener: RequestListener): Promise<Side> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a TCP server that listens has such an address
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    [Symbol.dispose]: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
export const says =
  (body: string, status = 200): RequestListener =>
  (_, response) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(body);
export const after =
  (ms: () => number, body = '{}'): RequestListener =>
  (_, response) =>
    void delay(ms()).then(() => response.end(body));

export async function probe(input: { readonly baseline: Side; readonly candidate: Side; readonly signal?: AbortSignal } & { readonly [key: string]: unknown }) {
  assert.ok(benchProbe.target === 'none');
  using http = createHttp();
  const evidence = evidenceStore();
  const { baseline, candidate, signal, ...more } = input;
  const context = contextWith({ http, evidence }, signal ? { signal } : {});
  const outcome = await benchProbe.execute(benchProbe.with.parse({ baseline: baseline.url, candidate: candidate.url, ...more }), context);
  const outputs = benchProbe.outputs.parse(outcome.outputs);
  const kept: Evidence = parseEvidence(await evidence.get(outputs.evidence as Digest)); // the probe has just made it
  return { outputs, evidence: kept, context };
}
