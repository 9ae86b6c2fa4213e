import { type Arm, createHistogram, distributionOf, type Histogram, quantileOf, type Slot } from '../../analysis/index.ts';
import { comparable, firstDifference, type Ignored } from './body.ts';
import type { Answer } from './side.ts';

const MAX_SAMPLES = 20;

export interface Pair {
  readonly baseline: Answer;
  readonly candidate: Answer;
  /** Milliseconds after the start when it was due. */
  readonly offsetMs: number;
  /** `GET /orders`. */
  readonly name: string;
}
export interface ArmTotals {
  readonly sent: number;
  readonly errors: number;
}
export interface ArmSummary extends ArmTotals {
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
}
/** Counts what pairs did, by slot of time. What is kept does not grow with the number of pairs. */
export interface Recorder {
  /** A pair is on its way; every one is followed by `add`. */
  expect(offsetMs: number): void;
  add(pair: Pair): void;
  readonly pairs: number;
  /** Slots from the first that nothing can change any more: their time is over and every pair of theirs has ended. */
  settled(elapsedMs: number): readonly Slot[];
  slots(): readonly Slot[];
  totals(side: 'baseline' | 'candidate'): ArmTotals;
  summary(side: 'baseline' | 'candidate'): ArmSummary;
  parity(): { readonly compared: number; readonly mismatches: number };
  readonly samples: readonly string[];
}

interface OpenArm {
  sent: number;
  readonly errors: { server: number; transport: number; timeout: number; retry: number };
  readonly latency: Histogram;
  readonly refused: Histogram;
}
interface OpenSlot {
  readonly baseline: OpenArm;
  readonly candidate: OpenArm;
  readonly parity: { compared: number; mismatches: number };
  /** Pairs under way. */
  waiting: number;
}

export interface RecorderOptions {
  readonly slotMs: number;
  readonly timeoutMs: number;
  readonly ignore: Ignored;
}

export function createRecorder(options: RecorderOptions): Recorder {
  const kept = createSlots(options.slotMs);
  const samples: string[] = [];
  let pairs = 0;
  return {
    expect: (offsetMs) => {
      const slot = kept.at(offsetMs);
      if (slot) slot.waiting++;
    },
    add: (pair) => {
      const slot = kept.at(pair.offsetMs);
      if (!slot) return;
      pairs++;
      slot.waiting--;
      count(slot.baseline, pair.baseline);
      count(slot.candidate, pair.candidate);
      compareAnswers(slot, pair, options.ignore, samples);
    },
    get pairs() {
      return pairs;
    },
    samples,
    settled: kept.settle,
    slots: kept.slots,
    totals: (side) => totalsOf(kept.both().map((slot) => slot[side])),
    summary: (side) => summarise(kept.slots(), side, options.timeoutMs),
    parity: () => parityOf(kept.both()),
  };
}

/** Slots of time: those that nothing can change any more are kept encoded, which is much smaller. */
function createSlots(slotMs: number) {
  const done: Slot[] = [];
  const open: OpenSlot[] = [];
  return {
    at: (offsetMs: number): OpenSlot | undefined => {
      const index = Math.floor(offsetMs / slotMs) - done.length;
      while (open.length <= index) open.push(emptySlot());
      return open[index];
    },
    settle: (elapsedMs: number): readonly Slot[] => {
      for (let [first] = open; first?.waiting === 0 && elapsedMs >= (done.length + 1) * slotMs; [first] = open) {
        done.push(closed(first));
        open.shift();
      }
      return done;
    },
    slots: (): readonly Slot[] => [...done, ...open.map(closed)],
    both: () => [...done, ...open],
  };
}

function parityOf(slots: readonly Pick<Slot, 'parity'>[]) {
  return {
    compared: slots.reduce((sum, { parity }) => sum + parity.compared, 0),
    mismatches: slots.reduce((sum, { parity }) => sum + parity.mismatches, 0),
  };
}

function emptySlot(): OpenSlot {
  const none = { server: 0, transport: 0, timeout: 0, retry: 0 };
  const arm = (): OpenArm => ({ sent: 0, errors: { ...none }, latency: createHistogram(), refused: createHistogram() });
  return { baseline: arm(), candidate: arm(), parity: { compared: 0, mismatches: 0 }, waiting: 0 };
}

function closed({ baseline, candidate, parity }: OpenSlot): Slot {
  const arm = ({ sent, errors, latency, refused }: OpenArm): Arm => ({ sent, errors: { ...errors }, latency: latency.encode(), refused: refused.encode() });
  return { baseline: arm(baseline), candidate: arm(candidate), parity: { ...parity } };
}

function count(arm: OpenArm, answer: Answer): void {
  arm.sent++;
  if (answer.type !== 'answer') arm.errors[answer.type]++;
  else if (asksAgain(answer.response)) {
    // A client would come again, so its good answer takes longer than this.
    arm.errors.retry++;
    arm.refused.record(answer.latencyMs);
  }
  // How fast an error came says nothing about how fast the service is.
  else if (answer.response.status >= 500) arm.errors.server++;
  else arm.latency.record(answer.latencyMs);
}

const COME_AGAIN: ReadonlySet<number> = new Set([408, 425, 429]);

/** Does the service want the same request again later? */
function asksAgain({ status, headers }: { readonly status: number; readonly headers: { readonly [name: string]: string } }): boolean {
  return COME_AGAIN.has(status) || (status === 503 && headers['retry-after'] !== undefined);
}

function compareAnswers({ parity }: OpenSlot, { baseline, candidate, name }: Pair, ignore: Ignored, samples: string[]): void {
  if (baseline.type !== 'answer' || candidate.type !== 'answer') return;
  if (asksAgain(baseline.response) || asksAgain(candidate.response)) return;
  parity.compared++;
  const [old, fresh] = [baseline.response, candidate.response];
  const difference = old.status === fresh.status ? bodyDifference(old, fresh, ignore) : `status ${old.status} and ${fresh.status}`;
  if (difference === undefined) return;
  parity.mismatches++;
  if (samples.length < MAX_SAMPLES) samples.push(`${name}: ${difference}`);
}

type Body = { readonly body: Uint8Array; readonly bodyBytes: number };
function bodyDifference(old: Body, fresh: Body, ignore: Ignored): string | undefined {
  const [left, right] = [comparable(old.body, old.bodyBytes, ignore), comparable(fresh.body, fresh.bodyBytes, ignore)];
  if (left.digest === right.digest) return undefined;
  const at = left.json === undefined || right.json === undefined ? undefined : firstDifference(left.json, right.json);
  return at === undefined ? `bodies of ${old.bodyBytes} and ${fresh.bodyBytes} bytes differ` : `bodies differ at ${at}`;
}

function summarise(slots: readonly Slot[], side: 'baseline' | 'candidate', timeoutMs: number): ArmSummary {
  const arms = slots.map((slot) => slot[side]);
  const distribution = distributionOf(arms);
  const quantile = (q: number) => (distribution.n === 0 ? null : quantileOf(distribution, q, timeoutMs));
  return { ...totalsOf(arms), p50Ms: quantile(0.5), p95Ms: quantile(0.95), p99Ms: quantile(0.99) };
}

function totalsOf(arms: readonly Pick<Arm, 'sent' | 'errors'>[]): ArmTotals {
  return {
    sent: arms.reduce((sum, arm) => sum + arm.sent, 0),
    errors: arms.reduce((sum, { errors }) => sum + errors.server + errors.transport + errors.timeout + (errors.retry ?? 0), 0),
  };
}
