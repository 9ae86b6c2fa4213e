import type { Evidence } from '../../analysis/index.ts';
import type { StepContext, StepOutcome } from '../kind.ts';
import { measure, slotLength, timeoutOf } from './measure.ts';
import type { ArmSummary, Recorder } from './recorder.ts';
import type { ProbeInput } from './shape.ts';
import { down, progress } from './words.ts';

/**
 * Warm up, measure the old side against itself when asked to, then old against new, and keep the evidence.
 *
 * @throws {SlipwayError} `PROBE_SIDE_DOWN` when a side answers nothing, or the old one less than half.
 */
export async function runProbe(input: ProbeInput, context: StepContext): Promise<StepOutcome> {
  const durationMs = input.duration ?? 300_000;
  const startedAt = context.ports.clock.now();
  if (input.warmUp !== undefined) await measure('warm-up', { ...input, durationMs: input.warmUp }, context);
  const ab =
    input.abCheck === undefined ? undefined : await measure('old against old', { ...input, candidate: input.baseline, durationMs: input.abCheck }, context);
  const recorder = await measure('old against new', { ...input, durationMs }, context);
  refuseBrokenBaseline(recorder.summary('baseline'), input.baseline);
  for (const sample of recorder.samples) context.log(`differs: ${sample}`);
  const evidence: Evidence = {
    version: 1,
    algorithm: 'open-loop-pairs/1',
    seed: input.seed,
    startedAt,
    slotMs: slotLength(durationMs),
    timeoutMs: timeoutOf(input),
    rate: input.rate,
    baseline: input.baseline,
    candidate: input.candidate,
    requests: input.requests.map(({ method, path }) => ({ method, path })),
    ignore: input.ignore,
    slots: recorder.slots(),
    ...(ab === undefined ? {} : { abCheck: ab.slots() }),
    samples: [...recorder.samples],
  };
  const digest = await context.ports.evidence.put(Buffer.from(JSON.stringify(evidence)));
  return outcomeOf(recorder, digest);
}

function outcomeOf(recorder: Recorder, evidence: string): StepOutcome {
  const { compared, mismatches } = recorder.parity();
  const side = ({ p50Ms, p95Ms, p99Ms, errors }: ArmSummary) => ({ p50Ms, p95Ms, p99Ms, errors });
  return {
    status: 'ok',
    outputs: {
      evidence,
      pairs: recorder.pairs,
      baseline: side(recorder.summary('baseline')),
      candidate: side(recorder.summary('candidate')),
      parity: { compared, mismatches, rate: compared === 0 ? 0 : mismatches / compared },
    },
    summary: progress(recorder),
  };
}

/** Two sides that both fail are equal; that must not look like a success. */
function refuseBrokenBaseline({ sent, errors }: ArmSummary, url: string): void {
  if (errors * 2 > sent) throw down(`the baseline ${url} failed ${errors} of ${sent} requests`);
}
