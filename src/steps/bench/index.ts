import { formatDuration, type JsonObject } from '../../core/index.ts';
import { defineStep } from '../kind.ts';
import { runProbe, USUAL_MS } from './run.ts';
import { ProbeInput, ProbeOutputs } from './shape.ts';

/** How much a probe measures. */
export interface ProbePlan {
  /** Pairs a second. */
  readonly rate: number;
  readonly durationMs: number;
}

/** Settings as far as a plan knows them; undefined when they are known only in the run. */
export function probePlan({ rate, duration }: JsonObject): ProbePlan | undefined {
  const parsed = ProbeInput.pick({ rate: true, duration: true }).safeParse({
    ...(rate === undefined ? {} : { rate }),
    ...(duration === undefined ? {} : { duration }),
  });
  return parsed.success ? { rate: parsed.data.rate, durationMs: parsed.data.duration ?? USUAL_MS } : undefined;
}

/**
 * Send the same requests to the old and the new side at the same time and record how both answer. Requests start on a fixed
 * schedule and latency counts from the scheduled moment. The requests must change nothing. With `watch` it ends early when the new side is
 * certainly worse than its metrics allow, and may go on while they are undecided; the verdict on that is up to an analysis step.
 */
export const benchProbe = defineStep({
  uses: 'bench.probe',
  summary: 'measure the old and the new side with the same requests',
  with: ProbeInput,
  outputs: ProbeOutputs,
  example: {
    baseline: 'https://erp.old.example.com',
    candidate: 'https://erp.new.example.com',
    requests: [{ path: '/orders?limit=20' }],
    rate: 20,
    duration: '30m',
    warmUp: '2m',
    ignore: ['timestamp'],
  },
  mutates: false,
  failureTrigger: 'healthFailed',
  describe: ({ baseline, candidate, duration }) => `compare ${baseline} with ${candidate} for ${formatDuration(duration ?? USUAL_MS)}`,
  target: 'none',
  idempotency: 'safe',
  execute: runProbe,
  preview: async ({ rate, duration, warmUp, abCheck, watch }) => {
    const ms = duration ?? USUAL_MS;
    const extra = (warmUp ?? 0) + (abCheck ?? 0);
    const before = extra > 0 ? `, after ${formatDuration(extra)} of warm-up and self-check` : '';
    const longer = (watch?.extendTo ?? 0) > ms ? `; goes on for up to ${formatDuration(watch?.extendTo ?? 0)} in all while undecided` : '';
    return { type: 'note', text: `about ${Math.floor((ms * rate) / 1_000)} pairs in ${formatDuration(ms)}${before}${longer}` };
  },
});
