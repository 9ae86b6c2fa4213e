import { type Json, messageOf, SlipwayError } from '../../core/index.ts';
import type { StepContext, StepOutcome } from '../kind.ts';
import type { HttpResponse } from '../ports.ts';
import { parseJsonPath, valueAt } from './expect.ts';
import type { HttpCheck, HttpExpect } from './http-shape.ts';

const MAX_BODY_BYTES = 1 << 20;

/**
 * Ask until an answer passes.
 *
 * @throws {SlipwayError} `CHECK_FAILED` with everything that was wrong with the last answer; the codes of `HttpPort`.
 */
export async function runHttpCheck(input: HttpCheck, context: StepContext): Promise<StepOutcome> {
  for (let attempt = 1; ; attempt++) {
    try {
      const response = await ask(input, context);
      return {
        status: 'ok',
        outputs: { status: response.status, latencyMs: response.totalMs, attempts: attempt },
        summary: `${response.status} in ${Math.round(response.totalMs)} ms`,
      };
    } catch (thrown) {
      if (context.signal.aborted || attempt >= input.attempts) throw thrown;
      context.log(`attempt ${attempt} of ${input.attempts}: ${messageOf(thrown)}`);
      context.heartbeat();
      await context.ports.clock.sleep(input.interval ?? 2_000, context.signal);
    }
  }
}

async function ask(input: HttpCheck, context: StepContext): Promise<HttpResponse> {
  const request = {
    method: input.method,
    url: input.url,
    headers: input.headers,
    ...(input.body === undefined ? {} : { body: input.body }),
    timeoutMs: input.timeout ?? 10_000,
    maxBodyBytes: MAX_BODY_BYTES,
    followRedirects: input.followRedirects,
  };
  const response = await context.ports.http.request(request, context.signal);
  const misses = missesOf(response, input.expect);
  if (misses.length === 0) return response;
  throw new SlipwayError('CHECK_FAILED', `${input.method} ${input.url}: ${misses.join('; ')}`, {
    retry: 'afterBackoff',
    hint: 'look at the service, or change "expect" in the runbook',
  });
}

/** Everything an answer does not fulfil, in words. */
export function missesOf(response: HttpResponse, expect: HttpExpect): readonly string[] {
  const { status, bodyContains, jsonPath, maxLatency } = expect;
  const body = Buffer.from(response.body).toString('utf8');
  return [
    statusMiss(response.status, status),
    bodyContains !== undefined && !body.includes(bodyContains) ? `the body does not contain ${JSON.stringify(bodyContains)}` : undefined,
    ...(jsonPath === undefined ? [] : jsonMisses(body, jsonPath)),
    maxLatency !== undefined && response.totalMs > maxLatency ? `took ${Math.round(response.totalMs)} ms, more than ${maxLatency} ms` : undefined,
  ].filter((miss) => miss !== undefined);
}

function statusMiss(status: number, expected: HttpExpect['status']): string | undefined {
  if (expected === undefined) return status >= 200 && status < 300 ? undefined : `status ${status} instead of 2xx`;
  const allowed = Array.isArray(expected) ? expected : [expected];
  return allowed.includes(status) ? undefined : `status ${status} instead of ${allowed.join(' or ')}`;
}

function jsonMisses(body: string, expected: NonNullable<HttpExpect['jsonPath']>): readonly string[] {
  let document: Json;
  try {
    document = JSON.parse(body) as Json; // JSON.parse gives nothing else
  } catch {
    return ['the body is not JSON'];
  }
  if (typeof expected === 'string') return find(document, expected) === undefined ? [`${expected} is missing`] : [];
  return Object.entries(expected).flatMap(([path, wanted]) => {
    const found = find(document, path);
    if (found === undefined) return [`${path} is missing`];
    return same(found, wanted) ? [] : [`${path} is ${short(found)} instead of ${short(wanted)}`];
  });
}

function find(document: Json, path: string): Json | undefined {
  return valueAt(document, parseJsonPath(path) ?? []);
}
function same(a: Json, b: Json): boolean {
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return a === b;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [new Map(Object.entries(a)), new Map(Object.entries(b))];
  return left.size === right.size && [...left].every(([key, value]) => right.has(key) && same(value, right.get(key) ?? null));
}
function short(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
