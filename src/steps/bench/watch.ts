import { compare, createMonitor, type Evidence, type Harm, type Look, planLooks, type Slot } from '../../analysis/index.ts';
import { formatDuration } from '../../core/index.ts';
import { plainMetric } from '../analysis/index.ts';
import type { ProbeInput } from './shape.ts';

/** How a measurement ended, and the slots it stands for. */
export interface Ending {
  readonly ended: 'planned' | 'decided' | 'harm';
  readonly slots: readonly Slot[];
  readonly plan: { readonly looks: readonly Look[]; readonly at: number };
}
/** Watches a measurement while it goes on. */
export interface Watch {
  /** Looks at the settled slots; true when the measurement may end. */
  readonly enough: (settled: readonly Slot[]) => boolean;
  /** @param all slots that were measured. */
  readonly ending: (all: readonly Slot[]) => Ending;
}

interface WatchOptions {
  readonly input: ProbeInput;
  readonly durationMs: number;
  readonly slotMs: number;
  readonly evidenceOf: (slots: readonly Slot[], plan: Ending['plan']) => Evidence;
  readonly log: (line: string) => void;
}

/**
 * Look for harm after every slot, and for a verdict at the planned looks. Both are judged again by the analysis step, from the evidence alone; what
 * counts there is the same code. A look judges exactly its own slots, however much more was measured by the time they were settled.
 */
export function createWatch({ input, durationMs, slotMs, evidenceOf, log }: WatchOptions): Watch {
  const planned = Math.ceil(durationMs / slotMs);
  const looks = planLooks(planned, Math.ceil((input.watch?.extendTo ?? 0) / slotMs));
  // What is sampled beside the probe is not at hand here; it is judged when both have ended.
  const metrics = (input.watch?.metrics ?? []).map(plainMetric).filter(({ kind }) => kind !== 'numeric' && kind !== 'ratio');
  const confidence = input.watch?.confidence ?? 0.95;
  const monitor = createMonitor(metrics, { confidence, timeoutMs: input.timeout ?? 10_000 });
  let [seen, at] = [0, 0];
  let harm: Harm | undefined;
  let decided: readonly Slot[] | undefined;
  const look = (settled: readonly Slot[]): void => {
    for (let next = looks[at]; next && at < looks.length - 1 && settled.length >= next.slots && !decided; next = looks[at]) {
      const slots = settled.slice(0, next.slots);
      const { verdict, sentence } = compare(evidenceOf(slots, { looks, at }), metrics, { confidence });
      log(`look ${at + 1} of ${looks.length} after ${formatDuration(next.slots * slotMs)}: ${sentence}`);
      if (verdict === 'pass' || verdict === 'fail') decided = slots;
      else at++;
    }
  };
  return {
    enough: (settled) => {
      for (; metrics.length > 0 && seen < settled.length && !harm; seen++) {
        const slot = settled[seen];
        if (slot) harm = monitor.add(slot);
      }
      if (harm) log(`harm is certain: ${harm.sentence}`);
      else look(settled);
      return harm !== undefined || decided !== undefined;
    },
    ending: (all) => {
      if (harm) return { ended: 'harm', slots: all.slice(0, seen), plan: { looks, at } };
      if (decided) return { ended: 'decided', slots: decided, plan: { looks, at } };
      return { ended: 'planned', slots: all, plan: { looks, at: looks.length - 1 } };
    },
  };
}
