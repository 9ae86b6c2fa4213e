import { createRandom, type Slot, slotLength } from '../../analysis/index.ts';
import type { StepContext } from '../kind.ts';
import { ignored } from './body.ts';
import { drive } from './drive.ts';
import { createRecorder, type Recorder } from './recorder.ts';
import type { ProbeInput, ProbeRequest } from './shape.ts';
import { createSide, type Side } from './side.ts';
import { down, progress } from './words.ts';

const MAX_BODY_BYTES = 1 << 20;
/** A side without one good answer in this many requests is down; measuring on would only send errors. */
const DOWN_AFTER = 30;

export interface Measurement {
  readonly input: ProbeInput;
  /** How long at most. */
  readonly durationMs: number;
  readonly slotMs: number;
  /** Looks at all settled slots about once a second, and may find that they are enough. */
  readonly enough?: (settled: readonly Slot[]) => boolean;
}

/**
 * Send pairs on schedule and count what both sides do.
 *
 * @param title in progress lines; also names the stream of chance.
 * @throws {SlipwayError} `PROBE_SIDE_DOWN` when a side answers nothing.
 */
export async function measure(title: string, measurement: Measurement, context: StepContext): Promise<Recorder> {
  const { input, durationMs, slotMs } = measurement;
  const { ports, signal } = context;
  const recorder = createRecorder({ slotMs, timeoutMs: timeoutOf(input), ignore: ignored(input.ignore) });
  // Ends the requests still under way when the measurement stops early.
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const side = () => createSide({ http: ports.http, clock: ports.clock, signal: either, parallel: input.parallel, timeoutMs: timeoutOf(input) });
  try {
    await drive({
      clock: ports.clock,
      signal,
      rate: input.rate,
      durationMs,
      start: pairStarter(title, input, recorder, { baseline: side(), candidate: side() }),
      tick: ticker(title, measurement, recorder, context),
    });
  } finally {
    stop.abort();
  }
  refuseDeadSides(recorder, input);
  context.log(`${title}: ${progress(recorder)}`);
  return recorder;
}

/** A measurement for as long as this, with slots to match. */
export function plain(input: ProbeInput, durationMs: number): Measurement {
  return { input, durationMs, slotMs: slotLength(durationMs) };
}

type Sides = { readonly baseline: Side; readonly candidate: Side };

function pairStarter(title: string, input: ProbeInput, recorder: Recorder, sides: Sides) {
  const random = createRandom(input.seed, title);
  return async (index: number, dueAt: number, offsetMs: number): Promise<void> => {
    const request = input.requests[index % input.requests.length];
    if (request === undefined) return;
    recorder.expect(offsetMs);
    const ask = (side: keyof Sides) => sides[side].send(requestTo(input[side], request, input), dueAt);
    // Whoever is asked first has a small advantage, so chance decides for every pair.
    const [first, second] = random() < 0.5 ? (['baseline', 'candidate'] as const) : (['candidate', 'baseline'] as const);
    const [one, other] = await Promise.all([ask(first), ask(second)]);
    const answers = first === 'baseline' ? { baseline: one, candidate: other } : { baseline: other, candidate: one };
    recorder.add({ ...answers, offsetMs, name: `${request.method} ${request.path}` });
  };
}

function ticker(title: string, { input, durationMs, enough }: Measurement, recorder: Recorder, { heartbeat, log }: StepContext) {
  const every = Math.max(1_000, Math.min(10_000, durationMs / 100));
  let toldAt = 0;
  return (elapsedMs: number): 'enough' | undefined => {
    heartbeat();
    const isEnough = enough?.(recorder.settled(elapsedMs)) === true;
    if (isEnough) return 'enough';
    refuseDeadSides(recorder, input);
    if (elapsedMs - toldAt < every) return undefined;
    toldAt = elapsedMs;
    log(`${title}: ${progress(recorder)}`);
    return undefined;
  };
}

function requestTo(base: string, { method, path, body, headers }: ProbeRequest, input: ProbeInput) {
  return {
    method,
    url: `${base.replace(/\/$/, '')}${path}`,
    headers: { ...input.headers, ...headers },
    ...(body === undefined ? {} : { body }),
    maxBodyBytes: MAX_BODY_BYTES,
    followRedirects: false,
  };
}

export function timeoutOf({ timeout }: ProbeInput): number {
  return timeout ?? 10_000;
}

function refuseDeadSides(recorder: Recorder, input: ProbeInput): void {
  for (const side of ['baseline', 'candidate'] as const) {
    const { sent, errors } = recorder.totals(side);
    if (sent >= DOWN_AFTER && errors === sent) throw down(`the ${side} ${input[side]} answered none of ${sent} requests`);
  }
}
