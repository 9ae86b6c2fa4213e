import { countWords, type MetricResult, percentWords, type Verdict, worseBy } from '../../analysis/index.ts';
import { clean } from '../clean.ts';
import { plain } from '../escape.ts';

const HEAD = ['metric', 'old', 'new', 'worse by', 'at most', 'allowed', 'n', 'method', 'verdict'] as const;
const METHODS: { readonly [method in MetricResult['method']]: string } = {
  quantileIndexBootstrap: 'index bootstrap',
  longRunIndexBootstrap: 'index bootstrap, long-run',
  pairedBlockBootstrap: 'block bootstrap',
  miettinenNurminen: 'Miettinen-Nurminen',
  clusteredMiettinenNurminen: 'Miettinen-Nurminen, clustered',
  clopperPearson: 'Clopper-Pearson',
  clusteredClopperPearson: 'Clopper-Pearson, clustered',
  scoreRatio: 'score ratio',
  clusteredScoreRatio: 'score ratio, clustered',
  fieller: 'Fieller',
  longRunFieller: 'Fieller, long-run',
  wanders: 'none: drifts apart',
  none: 'none',
};

/** What an engineer checks, as lines of a terminal: one row for each metric, then what decides nothing. */
export function verdictTable(verdict: Verdict): readonly string[] {
  const rows = [[...HEAD], ...verdict.metrics.map(rowOf)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [...lines, '', ...notes(verdict)];
}

/** The same as Markdown. */
export function verdictMarkdown(verdict: Verdict): string {
  const line = (cells: readonly string[]) => `| ${cells.map(plain).join(' | ')} |`;
  const table = [line(HEAD), `|${' --- |'.repeat(HEAD.length)}`, ...verdict.metrics.map((metric) => line(rowOf(metric)))].join('\n');
  return [table, ...notes(verdict).map(plain)].join('\n\n');
}

function rowOf(metric: MetricResult): string[] {
  const { kind, label, critical, verdict, n, baseline, candidate, estimate, lower, upper, margin, method } = metric;
  const worse = (value: number | null) => (value === null ? '–' : worseBy(kind, value));
  const range = estimate === null ? '–' : `${worse(estimate)} (${lower === null ? '…' : worse(lower)} to ${upper === null ? '…' : worse(upper)})`;
  return [
    clean(label) + (critical ? '' : ' (not critical)'),
    valueWords(metric, baseline),
    valueWords(metric, candidate),
    range,
    upper === null ? '–' : worse(upper),
    worseBy(kind, margin),
    countWords(n),
    METHODS[method],
    verdict,
  ];
}

function valueWords({ kind, unit }: MetricResult, value: number | null): string {
  if (value === null) return '–';
  if (kind === 'latency') return `${value < 10 ? value.toFixed(2) : value.toFixed(1)} ms`;
  return kind === 'numeric' ? `${Number(value.toPrecision(4))}${unit === undefined ? '' : ` ${clean(unit)}`}` : percentWords(value);
}

function notes({ algorithm, confidence, atLook, seed, soundness, harm, diagnostics }: Verdict): readonly string[] {
  const look = atLook === undefined || atLook === confidence ? '' : ` (${percentWords(atLook)} at this look)`;
  return [
    `${algorithm}, ${percentWords(confidence)} confidence of each bound${look}, seed ${seed}`,
    ...(soundness ? [`measured side by side: ${percentWords(soundness.concurrent)} of the load`, ...soundness.complaints] : []),
    ...(harm ? [`harm: ${harm.sentence}`] : []),
    ...(diagnostics
      ? [
          `decides nothing: Mann-Whitney p ${Number(diagnostics.p.toPrecision(3))}, a request of the new side is the slower one in ${percentWords(diagnostics.a12)} (A12)`,
        ]
      : []),
  ].map(clean);
}
