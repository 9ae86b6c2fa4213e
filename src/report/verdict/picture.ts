import {
  type Distribution,
  distributionOf,
  type Evidence,
  type MetricResult,
  quantileOf,
  type Verdict,
  type VerdictName,
  worseBy,
} from '../../analysis/index.ts';
import { element, lines, round, textElement } from './svg.ts';

const WIDTH = 900;
const LEFT = 40;
const RIGHT = 860;
const CURVES = { top: 0, height: 220 };
const ROW = 34;
const BINS = 120;
const COLOURS = { baseline: '#3b6fb6', candidate: '#d97706', margin: '#6b7280' };
const VERDICTS: { readonly [verdict in VerdictName]: string } = { pass: '#15803d', fail: '#b91c1c', inconclusive: '#b45309', noData: '#6b7280' };

/**
 * One picture of a verdict: how the latencies of both sides are distributed, with each judged quantile and how far the new side's may go, and below
 * how sure each metric is against its margin. Without evidence of our own requests there are only the metrics. Plain SVG: no script, no style sheet, nothing from outside; the same verdict gives the same bytes.
 */
export function verdictPicture(verdict: Verdict, evidence?: Evidence): string {
  const heading = lines(verdict.sentence, 120);
  const top = 40 + heading.length * 16;
  const curves = evidence ? curvesOf(verdict, evidence, top) : '';
  const bars = barsOf(verdict, top + (curves === '' ? 0 : CURVES.height + 60));
  const height = bars.bottom + 20;
  const inside = [
    `<title>${VERDICT_WORDS[verdict.verdict]}</title>`,
    element('rect', { width: WIDTH, height, fill: '#ffffff' }),
    textElement(VERDICT_WORDS[verdict.verdict], { x: LEFT, y: 28, 'font-size': 18, 'font-weight': 'bold', fill: VERDICTS[verdict.verdict] }),
    ...heading.map((line, index) => textElement(line, { x: LEFT, y: 48 + index * 16 })),
    curves,
    bars.markup,
  ];
  const size = { width: WIDTH, height, viewBox: `0 0 ${WIDTH} ${round(height)}`, role: 'img' };
  return `${element('svg', { xmlns: 'http://www.w3.org/2000/svg', ...size }, inside.join('\n'))}\n`;
}

const VERDICT_WORDS: { readonly [verdict in VerdictName]: string } = {
  pass: 'The new side is no worse',
  fail: 'The new side is worse',
  inconclusive: 'Undecided',
  noData: 'Not enough data',
};

function curvesOf({ metrics }: Verdict, { slots, timeoutMs }: Evidence, top: number): string {
  const sides = {
    baseline: distributionOf(slots.map(({ baseline }) => baseline)),
    candidate: distributionOf(slots.map(({ candidate }) => candidate)),
  };
  if (sides.baseline.answers < 2 || sides.candidate.answers < 2) return '';
  const quantiles = metrics.filter(({ kind, baseline }) => kind === 'latency' && baseline !== null);
  const ends = [sides.baseline, sides.candidate].flatMap((side) => [quantileOf(side, 0.002, timeoutMs), quantileOf(side, 0.998, timeoutMs)]);
  const limits = quantiles.map(({ baseline, margin }) => (baseline ?? 0) * (1 + margin));
  const [least, most] = [Math.min(...ends) / 1.1, Math.max(...ends, ...limits) * 1.1];
  const x = (ms: number) => LEFT + ((RIGHT - LEFT) * Math.log(ms / least)) / Math.log(most / least);
  const bottom = top + CURVES.height;
  const shares = { baseline: sharesOf(sides.baseline, least, most), candidate: sharesOf(sides.candidate, least, most) };
  const peak = Math.max(...shares.baseline, ...shares.candidate);
  const y = (share: number) => bottom - ((CURVES.height - 50) * share) / peak;
  return [
    ...(['baseline', 'candidate'] as const).map((side) => curve(shares[side], { y, bottom, colour: COLOURS[side] })),
    element('line', { x1: LEFT, y1: bottom, x2: RIGHT, y2: bottom, stroke: '#1f2933' }),
    ...ticks(least, most).map((ms) => textElement(`${ms} ms`, { x: x(ms), y: bottom + 16, 'text-anchor': 'middle', 'font-size': 11 })),
    ...quantiles.flatMap((metric, index) => quantileMarks(metric, { x, top: top + 14 + (index % 4) * 10, bottom })),
    ...legend(bottom + 38),
  ].join('\n');
}

interface Curve {
  readonly y: (share: number) => number;
  readonly bottom: number;
  readonly colour: string;
}
function curve(shares: readonly number[], { y, bottom, colour }: Curve): string {
  const step = (RIGHT - LEFT) / BINS;
  const points = shares.map((share, bin) => `${round(LEFT + (bin + 0.5) * step)},${round(y(share))}`);
  const outline = [`${LEFT},${round(bottom)}`, ...points, `${RIGHT},${round(bottom)}`].join(' ');
  return element('polygon', { points: outline, fill: colour, 'fill-opacity': 0.18, stroke: colour, 'stroke-width': 1.5 });
}

/** Share of the answers in each bin of a logarithmic scale, smoothed over three bins. */
function sharesOf({ values, cumulative, answers }: Distribution, least: number, most: number): readonly number[] {
  const bins = Array<number>(BINS).fill(0);
  values.forEach((ms, index) => {
    const bin = Math.floor((BINS * Math.log(ms / least)) / Math.log(most / least));
    if (bin >= 0 && bin < BINS) bins[bin] = (bins[bin] ?? 0) + ((cumulative[index] ?? 0) - (cumulative[index - 1] ?? 0)) / answers;
  });
  return bins.map((share, bin) => ((bins[bin - 1] ?? share) + 2 * share + (bins[bin + 1] ?? share)) / 4);
}

interface Marks {
  readonly x: (ms: number) => number;
  readonly top: number;
  readonly bottom: number;
}
/** Both sides' quantile, and a dashed line for the most that the new side's may be. */
function quantileMarks({ label, baseline, candidate, margin, verdict }: MetricResult, { x, top, bottom }: Marks): readonly string[] {
  if (baseline === null || candidate === null) return [];
  const line = (ms: number, more: { readonly [name: string]: string | number }) =>
    element('line', { x1: x(ms), y1: top + 4, x2: x(ms), y2: bottom, 'stroke-width': 1.5, ...more });
  return [
    line(baseline, { stroke: COLOURS.baseline }),
    line(candidate, { stroke: COLOURS.candidate }),
    line(baseline * (1 + margin), { stroke: COLOURS.margin, 'stroke-dasharray': '4 3' }),
    element('line', { x1: x(baseline), y1: top + 4, x2: x(baseline * (1 + margin)), y2: top + 4, stroke: COLOURS.margin, 'stroke-width': 3 }),
    textElement(label, { x: x(baseline), y: top, 'font-size': 10, fill: VERDICTS[verdict] }),
  ];
}

function ticks(least: number, most: number): readonly number[] {
  const all = Array.from({ length: 10 }, (_, power) => [1, 2, 5].map((digit) => digit * 10 ** (power - 3))).flat();
  const inside = all.filter((ms) => ms > least && ms < most);
  // A wide range has room for powers of ten only.
  return inside.length > 10 ? inside.filter((ms) => Math.abs(Math.log10(ms) - Math.round(Math.log10(ms))) < 1e-9) : inside;
}

function legend(y: number): readonly string[] {
  const entries = [
    ['old side', COLOURS.baseline],
    ['new side', COLOURS.candidate],
    ['allowed', COLOURS.margin],
  ] as const;
  return entries.flatMap(([words, colour], index) => [
    element('rect', { x: LEFT + index * 110, y: y - 9, width: 10, height: 10, fill: colour }),
    textElement(words, { x: LEFT + index * 110 + 16, y, 'font-size': 11 }),
  ]);
}

/** One row for each metric: the interval of how much worse, on a scale where its margin is always at the same place. */
function barsOf({ metrics }: Verdict, top: number): { readonly markup: string; readonly bottom: number } {
  const [zero, limit] = [460, 660];
  const bottom = top + metrics.length * ROW;
  const x = ({ margin }: MetricResult, value: number) => Math.min(RIGHT, Math.max(280, zero + ((limit - zero) * value) / (margin > 0 ? margin : 0.01)));
  const rows = metrics.flatMap((metric, index) => {
    const y = top + index * ROW + 20;
    const { kind, label, estimate, lower, upper, margin, verdict } = metric;
    const colour = VERDICTS[verdict];
    const words = [textElement(label, { x: LEFT, y: y + 4 }), textElement(verdict, { x: 190, y: y + 4, fill: colour, 'font-weight': 'bold' })];
    if (estimate === null) return words;
    const [from, to] = [lower === null ? 280 : x(metric, lower), upper === null ? RIGHT : x(metric, upper)];
    return [
      ...words,
      element('line', { x1: from, y1: y, x2: to, y2: y, stroke: colour, 'stroke-width': 4, 'stroke-opacity': 0.5 }),
      element('circle', { cx: x(metric, estimate), cy: y, r: 4, fill: colour }),
      textElement(`${worseBy(kind, margin)} allowed`, { x: limit + 4, y: y - 8, 'font-size': 9, fill: COLOURS.margin }),
    ];
  });
  const axis = (at: number, words: string, dash: string) => [
    element('line', { x1: at, y1: top, x2: at, y2: bottom, stroke: COLOURS.margin, 'stroke-dasharray': dash }),
    textElement(words, { x: at, y: bottom + 14, 'text-anchor': 'middle', 'font-size': 10, fill: COLOURS.margin }),
  ];
  const markup = [...axis(zero, 'same', '1 2'), ...axis(limit, 'allowed', '4 3'), ...rows].join('\n');
  return { markup, bottom: bottom + 20 };
}
