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
/** Counts what pairs did, by slot of time. */
export interface Recorder {
  add(pair: Pair): void;
  readonly pairs: number;
  slots(): Slot[];
  totals(side: 'baseline' | 'candidate'): ArmTotals;
  summary(side: 'baseline' | 'candidate'): ArmSummary;
  parity(): { readonly compared: number; readonly mismatches: number };
  readonly samples: readonly string[];
}

interface OpenArm {
  sent: number;
  readonly errors: { server: number; transport: number; timeout: number };
  readonly latency: Histogram;
}
interface OpenSlot {
  readonly baseline: OpenArm;
  readonly candidate: OpenArm;
  readonly parity: { compared: number; mismatches: number };
}

export function createRecorder(options: { readonly slotMs: number; readonly timeoutMs: number; readonly ignore: Ignored }): Recorder {
  const open: OpenSlot[] = [];
  const samples: string[] = [];
  let pairs = 0;
  const close = () => open.map(closed);
  return {
    add: (pair) => {
      const index = Math.floor(pair.offsetMs / options.slotMs);
      while (open.length <= index) open.push(emptySlot());
      const slot = open[index];
      if (!slot) return;
      pairs++;
      count(slot.baseline, pair.baseline);
      count(slot.candidate, pair.candidate);
      compareAnswers(slot, pair, options.ignore, samples);
    },
    get pairs() {
      return pairs;
    },
    samples,
    slots: close,
    totals: (side) => totalsOf(open.map((slot) => slot[side])),
    summary: (side) =>
      summarise(
        close().map((slot) => slot[side]),
        options.timeoutMs,
      ),
    parity: () => ({
      compared: open.reduce((sum, { parity }) => sum + parity.compared, 0),
      mismatches: open.reduce((sum, { parity }) => sum + parity.mismatches, 0),
    }),
  };
}

function emptySlot(): OpenSlot {
  const arm = (): OpenArm => ({ sent: 0, errors: { server: 0, transport: 0, timeout: 0 }, latency: createHistogram() });
  return { baseline: arm(), candidate: arm(), parity: { compared: 0, mismatches: 0 } };
}

function closed({ baseline, candidate, parity }: OpenSlot): Slot {
  const arm = ({ sent, errors, latency }: OpenArm): Arm => ({ sent, errors: { ...errors }, latency: latency.encode() });
  return { baseline: arm(baseline), candidate: arm(candidate), parity: { ...parity } };
}

function count(arm: OpenArm, answer: Answer): void {
  arm.sent++;
  if (answer.type !== 'answer') arm.errors[answer.type]++;
  // How fast an error came says nothing about how fast the service is.
  else if (answer.response.status >= 500) arm.errors.server++;
  else arm.latency.record(answer.latencyMs);
}

function compareAnswers({ parity }: OpenSlot, { baseline, candidate, name }: Pair, ignore: Ignored, samples: string[]): void {
  if (baseline.type !== 'answer' || candidate.type !== 'answer') return;
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

function summarise(arms: readonly Arm[], timeoutMs: number): ArmSummary {
  const distribution = distributionOf(arms);
  const quantile = (q: number) => (distribution.n === 0 ? null : quantileOf(distribution, q, timeoutMs));
  return { ...totalsOf(arms), p50Ms: quantile(0.5), p95Ms: quantile(0.95), p99Ms: quantile(0.99) };
}

function totalsOf(arms: readonly Pick<Arm, 'sent' | 'errors'>[]): ArmTotals {
  return {
    sent: arms.reduce((sum, arm) => sum + arm.sent, 0),
    errors: arms.reduce((sum, { errors }) => sum + errors.server + errors.transport + errors.timeout, 0),
  };
}
