import { type Clock, type Digest, digestOfBytes, SlipwayError, systemClock } from '../../src/core/index.ts';
import type { ExecRequest, ExecResult, Host, HostContext, Ports, StepContext } from '../../src/steps/index.ts';

/** A port nobody should touch. */
function untouched(name: string): never {
  throw new Error(`this test did not expect a call to ${name}`);
}

/** Evidence in memory. */
export function evidenceStore() {
  const kept = new Map<Digest, Uint8Array>();
  return {
    kept,
    put: async (bytes: Uint8Array) => {
      const digest = digestOfBytes(bytes);
      kept.set(digest, bytes);
      return digest;
    },
    get: async (digest: Digest) => {
      const bytes = kept.get(digest);
      if (bytes === undefined) throw new SlipwayError('EVIDENCE_MISSING', `there is no evidence ${digest}`);
      return bytes;
    },
  };
}

/** A clock that jumps ahead when somebody sleeps. */
export function jumpingClock(start = 1_700_000_000_000): Clock & { readonly slept: number[] } {
  const slept: number[] = [];
  let at = start;
  return {
    slept,
    now: () => at,
    monotonic: () => at - start,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      slept.push(ms);
      at += Math.max(0, ms);
    },
  };
}

export interface TestContext extends StepContext {
  readonly lines: string[];
  readonly beats: number[];
}
export function contextWith(ports: Partial<Ports> = {}, more: Partial<StepContext> = {}): TestContext {
  const lines: string[] = [];
  const beats: number[] = [];
  const all: Ports = {
    clock: systemClock,
    http: { request: () => untouched('http') },
    tcp: { connect: () => untouched('tcp') },
    ssh: {
      exec: () => untouched('ssh'),
      terminal: () => untouched('ssh'),
      read: () => untouched('ssh'),
      write: () => untouched('ssh'),
      release: () => untouched('ssh'),
    },
    pulumi: {
      ...{ state: () => untouched('pulumi'), preview: () => untouched('pulumi'), up: () => untouched('pulumi') },
      ...{ refresh: () => untouched('pulumi'), destroy: () => untouched('pulumi'), import: () => untouched('pulumi') },
    },
    notify: { send: () => untouched('notify') },
    evidence: { put: () => untouched('evidence'), get: () => untouched('evidence') },
    policy: { evaluate: () => untouched('policy') },
    metrics: { latest: () => untouched('metrics'), history: () => untouched('metrics') },
    ...ports,
  };
  return {
    ...{ runId: 'run-20261123-7k2m9qz4ab', path: 'phase/step', attempt: 1, idempotencyKey: 'key', rehearsal: false, checkout: '/checkout' },
    ...{ signal: new AbortController().signal, ports: all, lines, beats },
    heartbeat: () => void beats.push(1),
    log: (line) => void lines.push(line),
    ...more,
  };
}

export const host: Host = { name: 'lb-1', address: '127.0.0.1', port: 22, user: 'ops', groups: [], vars: {}, jump: [], login: {}, hostKeys: [] };

/** A context on a host where `answer` plays the machine. */
export function hostContextWith(
  answer: (request: ExecRequest) => Promise<Partial<ExecResult>> | Partial<ExecResult>,
): HostContext & { readonly requests: ExecRequest[] } {
  const requests: ExecRequest[] = [];
  const ssh = {
    exec: async (_host: Host, request: ExecRequest) => {
      requests.push(request);
      return { exitCode: 0, stdout: '', stderr: '', truncated: false, durationMs: 1, ...(await answer(request)) };
    },
    ...{ terminal: () => untouched('ssh'), read: () => untouched('ssh'), write: () => untouched('ssh'), release: () => untouched('ssh') },
  };
  return { ...contextWith({ ssh }), host, options: { timeoutMs: 5_000 }, requests };
}
export const failsWith = (code: string, message?: RegExp) => (thrown: unknown) =>
  thrown instanceof SlipwayError && thrown.code === code && (message === undefined || message.test(thrown.message));
