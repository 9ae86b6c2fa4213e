import { type Evidence, type Slot, slotLength } from '../../analysis/index.ts';
import type { StepContext, StepOutcome } from '../kind.ts';
import { measure, plain, timeoutOf } from './measure.ts';
import type { ArmSummary, Recorder } from './recorder.ts';
import type { ProbeInput } from './shape.ts';
import { createWatch, type Ending } from './watch.ts';
import { down, progress } from './words.ts';

/** How long is measured when nobody says. */
export const USUAL_MS = 300_000;

/**
 * Warm up, measure the old side against itself when asked to, then old against new, and keep the evidence.
 *
 * @throws {SlipwayError} `PROBE_SIDE_DOWN` when a side answers nothing, or the old one less than half.
 */
export async function runProbe(input: ProbeInput, context: StepContext): Promise<StepOutcome> {
  const durationMs = input.duration ?? USUAL_MS;
  const startedAt = context.ports.clock.now();
  if (input.warmUp !== undefined) await measure('warm-up', plain(input, input.warmUp), context);
  const itself = { ...input, candidate: input.baseline };
  const ab = input.abCheck === undefined ? undefined : await measure('old against old', plain(itself, input.abCheck), context);
  const mostMs = Math.max(durationMs, input.watch?.extendTo ?? 0);
  const slotMs = slotLength(durationMs, mostMs);
  const evidenceOf = evidenceMaker(input, { startedAt, slotMs, ...(ab === undefined ? {} : { abCheck: ab.slots() }) });
  const watch = createWatch({ input, durationMs, slotMs, evidenceOf: (slots, plan) => evidenceOf(slots, { plan }), log: context.log });
  const recorder = await measure('old against new', { input, durationMs: mostMs, slotMs, enough: watch.enough }, context);
  refuseBrokenBaseline(recorder.summary('baseline'), input.baseline);
  for (const sample of recorder.samples) context.log(`differs: ${sample}`);
  const ending = watch.ending(recorder.slots());
  const isExtended = ending.plan.looks.length > 1;
  const evidence = evidenceOf(ending.slots, { samples: recorder.samples, ...(isExtended ? { plan: ending.plan } : {}) });
  const digest = await context.ports.evidence.put(Buffer.from(JSON.stringify(evidence)));
  return outcomeOf(recorder, digest, ending.ended);
}

interface Circumstances {
  readonly startedAt: number;
  readonly slotMs: number;
  readonly abCheck?: readonly Slot[];
}
interface Found {
  readonly samples?: readonly string[];
  readonly plan?: Ending['plan'];
}

function evidenceMaker(input: ProbeInput, { startedAt, slotMs, abCheck }: Circumstances) {
  return (slots: readonly Slot[], { samples = [], plan }: Found): Evidence => ({
    version: 1,
    algorithm: 'open-loop-pairs/2',
    seed: input.seed,
    startedAt,
    slotMs,
    timeoutMs: timeoutOf(input),
    rate: input.rate,
    baseline: input.baseline,
    candidate: input.candidate,
    requests: input.requests.map(({ method, path }) => ({ method, path })),
    ignore: input.ignore,
    slots: [...slots],
    ...(abCheck === undefined ? {} : { abCheck: [...abCheck] }),
    samples: [...samples],
    ...(plan === undefined ? {} : { plan: { looks: [...plan.looks], at: plan.at } }),
  });
}

function outcomeOf(recorder: Recorder, evidence: string, ended: Ending['ended']): StepOutcome {
  const { compared, mismatches } = recorder.parity();
  const side = ({ p50Ms, p95Ms, p99Ms, errors }: ArmSummary) => ({ p50Ms, p95Ms, p99Ms, errors });
  return {
    status: 'ok',
    outputs: {
      evidence,
      ended,
      pairs: recorder.pairs,
      baseline: side(recorder.summary('baseline')),
      candidate: side(recorder.summary('candidate')),
      parity: { compared, mismatches, rate: compared === 0 ? 0 : mismatches / compared },
    },
    summary: ended === 'harm' ? `ended early, harm is certain; ${progress(recorder)}` : progress(recorder),
  };
}

/** Two sides that both fail are equal; that must not look like a success. */
function refuseBrokenBaseline({ sent, errors }: ArmSummary, url: string): void {
  if (errors * 2 > sent) throw down(`the baseline ${url} failed ${errors} of ${sent} requests`);
}
