import { clopperPearson } from '../../src/analysis/proportions.ts';
import { RIVALS } from './rivals.ts';
import { type ErrorResult, type LatencyResult, NAMES, type Power, QUANTILES, type RivalResult, type Share, type Sizes } from './study.ts';

export interface Results {
  readonly latency: readonly LatencyResult[];
  readonly errors: readonly ErrorResult[];
  readonly rivals: readonly RivalResult[];
}
export const NOMINAL = 0.05;
const LEAST_POWER = 0.8;

/** Everything that was found, as Markdown. @param date `2026-11-28`. */
export function reportOf({ latency, errors, rivals }: Results, sizes: Sizes, date: string): string {
  const [late, found] = [breaches({ latency, errors, rivals }), `Made on ${date} by \`npm run calibrate -- --scale ${sizes.scale} --seed ${sizes.seed}\`.`];
  return `${[
    '# Calibration of dual-run verdicts',
    `${found} The same command gives the same numbers; a larger scale has more runs and less Monte Carlo error.`,
    late.length === 0
      ? 'Every rate below is within its limit, up to Monte Carlo error (the 99 % bound of the rate, given the number of runs).'
      : `**Not within their limits:** ${late.join('; ')}.`,
    '## Wrong passes of latency, exactly at the margin',
    `The candidate is exactly as much slower as its margin allows (${NAMES.map((name) => `${name} ${QUANTILES[name] * 100} %`).join(', ')}), so a pass is wrong; nominal 5 %. ${sizes.n} requests of the baseline in 60 slots, ${sizes.wrongPass} runs. Behind each rate is the one of wrong fails.`,
    table(
      ['traffic', ...NAMES, 'undecided (p50)', 'what it is'],
      latency.map(({ shape, wrongPass, wrongFail, undecided }) => [
        shape.name,
        ...NAMES.map((name) => `${percent(wrongPass[name])} / ${percent(wrongFail[name])}`),
        percent(undecided),
        shape.about,
      ]),
    ),
    '## Wrong passes of failures, exactly at the margin',
    `As above, for the share of failed requests; ${sizes.errors} runs. Beside it the rate at which a monitor calls harm between equal sides, over a whole run.`,
    table(
      ['failures', 'baseline', 'margin', 'requests', 'wrong pass / fail', 'false alarms', 'what it is'],
      errors.map(({ shape, wrongPass, wrongFail, alarms }) => [
        ...[shape.name, `${shape.rate * 100} %`, `${shape.margin * 100} pp`, String(shape.n)],
        ...[`${percent(wrongPass)} / ${percent(wrongFail)}`, percent(alarms), shape.about],
      ]),
    ),
    "## Power at the planner's number of requests",
    `Equal sides, measured for as long as the planner asks at the noise of one earlier run of four hours; it aims at 90 %, and 80 % is the least. The rate is that with which an hour is just enough if all requests are independent; where they are not, the planner asks for more time. ${sizes.power} runs.`,
    table(
      ['traffic', ...NAMES],
      latency.map(({ shape, power }) => [shape.name, ...NAMES.map((name) => powerWords(power[name]))]),
    ),
    table(
      ['failures', 'power'],
      errors.map(({ shape, power }) => [shape.name, powerWords(power)]),
    ),
    '## False alarms of continuous monitoring',
    `A monitor looks after each of the 60 slots, at all critical metrics. Nominal: at most 5 % in a whole run of equal sides. Exactly at the margin is harder, and only told; under "slow drift apart" the candidate really is so much slower for most of the hour, so that an alarm is no false one.`,
    table(
      ['traffic', 'equal sides', 'at the margin'],
      latency.map(({ shape, alarms }) => [shape.name, percent(alarms.equal), percent(alarms.margin)]),
    ),
    '## Side by side',
    `The same dual runs (24,000 requests a side in 60 minutes, all latency metrics may grow by 10 %, failures by 1 pp) under the rules of other tools, as their documentation states them. Share of ${sizes.rivals} runs that pass. A good rule passes equal sides, passes what is allowed, and passes nothing at the margin or beyond.`,
    ...RIVALS.map(({ name, rule }) => `- **${name}**: ${rule}.`),
    rivalTable(rivals),
    '## What cannot be calibrated',
    'Sides that drift against each other more slowly than the measurement is long look like a difference, and no method can tell. The analysis looks for such drift and calls the metric undecided ("slow drift apart" above); a drift too weak or too slow to be seen in 60 slots still passes more often than 5 %. Measure for at least ten times as long as the slowest thing that moves only one side. Bursts of failures that are so rare that a run sees none of them cannot be known of either.',
  ].join('\n\n')}\n`;
}

function powerWords(power: Power | undefined): string {
  if (!power) return '–';
  if (!Number.isFinite(power.n)) return 'refused: this margin cannot be met';
  const time = `${Math.round(power.n)} in ${power.minutes} min`;
  return power.runs === 0 ? `not simulated (${time})` : `${percent(power)} (${time})`;
}

function rivalTable(rivals: readonly RivalResult[]): string {
  const rules = Object.keys(rivals[0]?.passes ?? {});
  const share = (passes: RivalResult['passes'], rule: string) => percent(passes[rule] ?? { events: 0, runs: 1 });
  return table(
    ['traffic', 'truth', ...rules],
    rivals.map(({ shape, world, passes }) => [shape.name, world, ...rules.map((rule) => share(passes, rule))]),
  );
}

/** Rates that are beyond their limit for certain: the 99 % bound of the simulation leaves no doubt. */
export function breaches({ latency, errors }: Results): readonly string[] {
  const isOver = (share: Share) => clopperPearson({ events: share.events, trials: share.runs }, 0.99).lower > NOMINAL;
  const isWeak = (share: Share | undefined) =>
    share !== undefined && share.runs > 0 && clopperPearson({ events: share.events, trials: share.runs }, 0.99).upper < LEAST_POWER;
  return [
    ...latency.flatMap(({ shape, wrongPass, power, alarms }) => [
      ...NAMES.filter((name) => isOver(wrongPass[name])).map((name) => `wrong passes of ${name} under ${shape.name}: ${percent(wrongPass[name])}`),
      ...NAMES.flatMap((name) => (isWeak(power[name]) ? [`power of ${name} under ${shape.name}: ${powerWords(power[name])}`] : [])),
      ...(isOver(alarms.equal) && shape.hopeless !== true ? [`false alarms under ${shape.name}: ${percent(alarms.equal)}`] : []),
    ]),
    ...errors.flatMap(({ shape, wrongPass, power, alarms }) => [
      ...(isOver(wrongPass) ? [`wrong passes of failures (${shape.name}): ${percent(wrongPass)}`] : []),
      ...(isWeak(power) ? [`power of failures (${shape.name}): ${powerWords(power)}`] : []),
      ...(isOver(alarms) ? [`false alarms of failures (${shape.name}): ${percent(alarms)}`] : []),
    ]),
  ];
}

function percent({ events, runs }: Share): string {
  return `${((100 * events) / runs).toFixed(1)} %`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(3, title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)].join('\n');
}
