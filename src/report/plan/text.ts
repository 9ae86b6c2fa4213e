import type { Finding, PlanBundle } from '../../plan/index.ts';
import { commitWords, decisionWords, expectedWords, nextWords, type PlanOptions, sortedFindings } from './closing.ts';
import { type Detail, previewDetails, previewSummary } from './details.ts';
import { measuringWords } from './measuring.ts';
import { compensationWords, type PhaseView, type PlanView, type StepView, viewOf } from './view.ts';
import { clean } from '../clean.ts';
import { counted, countWords, cut, paintFor, paintOp, type Paint, periodWords, wrap } from './words.ts';

export interface PlanTextOptions extends PlanOptions {
  /** Colour codes; off unless told, so that pipes and files stay clean. */
  readonly colour?: boolean;
  /** Columns of the terminal; 100 unless told. */
  readonly width?: number;
  /** Lines of detail for one preview; 15 unless told. */
  readonly details?: number;
}
interface Page {
  readonly paint: Paint;
  readonly width: number;
  readonly details: number;
  readonly names: number;
}
const LEAST_WIDTH = 60;
const WIDEST_NAME = 22;

/**
 * A plan for people at a terminal: what it does in three lines, phase by phase with waves, previews and the way back, then the verdict and what
 * to type next.
 */
export function planText(bundle: PlanBundle, options: PlanTextOptions = {}): string {
  const view = viewOf(bundle, options.now);
  const steps = view.phases.flatMap((phase) => phase.steps);
  const page: Page = {
    paint: paintFor(options.colour ?? false),
    width: Math.max(LEAST_WIDTH, options.width ?? 100),
    details: options.details ?? 15,
    names: Math.min(WIDEST_NAME, Math.max(4, ...steps.map(({ node }) => node.id.length))),
  };
  const blocks = [
    header(view, page),
    ...view.phases.map((phase, index) => [...phaseLines(view, phase, index, page)]),
    findingLines(view, page),
    closingLines(view, options, page),
  ];
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')}\n`;
}

function header(view: PlanView, { paint, width }: Page): readonly string[] {
  const { bundle } = view;
  const { graph, inputs, rehearsal, verdict } = bundle.body;
  const description = graph.metadata['description'];
  const values = Object.entries(inputs.values).map(([name, value]) => `${name}=${clean(typeof value === 'string' ? value : JSON.stringify(value))}`);
  const secrets = inputs.secrets.map((name) => `${name}=(secret)`);
  const touches = [
    view.hosts > 0 ? counted(view.hosts, 'host') : '',
    view.stacks > 0 ? `${counted(view.stacks, 'stack')} (${countWords(view.counts) || 'no change'})` : '',
  ];
  const decided = verdict.decision === 'allow' ? paint.good(`✔ ${decisionWords(bundle)}`) : paint.bad(`✖ ${decisionWords(bundle)}`);
  const steps = view.phases.reduce((sum, phase) => sum + phase.steps.length, 0);
  const changes = view.mutating === 0 ? 'changes nothing' : `${counted(view.mutating, 'step')} of ${steps} change something`;
  return [
    `${paint.strong(clean(bundle.body.runbook.name))}${rehearsal ? paint.warn(' (rehearsal)') : ''}  ${paint.faint(commitWords(bundle))}`,
    ...(typeof description === 'string' ? [cut(clean(description), width)] : []),
    ...([...values, ...secrets].length > 0 ? wrap(`with ${[...values, ...secrets].join(' ')}`, width, '     ').map(paint.faint) : []),
    '',
    decided,
    ...wrap([changes, ...touches.filter((part) => part !== '')].join(' · '), width, '  '),
    paint.faint('● changes   ○ looks   ◇ waits   ┌ └ at once   ↩ way back'),
  ];
}

function phaseLines(view: PlanView, phase: PhaseView, index: number, page: Page): readonly string[] {
  const { paint, width } = page;
  const { id, type, environment } = phase.phase;
  const where = environment === undefined ? '' : ` · ${clean(environment)}${phase.production ? ' (production)' : ''}`;
  const title = `${paint.strong(`${index + 1} ${clean(id)}`)}  ${paint.faint(`${type}${where}`)}`;
  const point = view.rollback.pointOfNoReturn?.path;
  return [
    title,
    ...phase.gates.flatMap((gate) => wrap(`  ◇ ${gate}`, width, '    ').map(paint.accent)),
    ...phase.steps.flatMap((step) => [...stepLines(step, page), ...(step.node.path === point ? noReturn(step, page) : [])]),
    ...(phase.last.length > 0 ? wrap(`    at the end, whatever happened: ${phase.last.join(', ')}`, width, '    ').map(paint.faint) : []),
    ...phase.phase.watch.map((watch) =>
      paint.faint(`    watches ${clean(watch.path.split('/').at(-1) ?? '')} (${watch.uses}) every ${periodWords(watch.intervalMs)}`),
    ),
    ...wayBack(view, phase, page),
  ];
}

const MARKS = { changes: '●', looks: '○', waits: '◇' } as const;
const BRACKETS = { alone: ' ', first: '┌', middle: '├', last: '└' } as const;

function stepLines(step: StepView, { paint, width, details, names }: Page): readonly string[] {
  const { node, nature } = step;
  const mark = nature === 'changes' ? paint.warn(MARKS.changes) : nature === 'waits' ? paint.accent(MARKS.waits) : paint.faint(MARKS.looks);
  const head = `  ${paint.faint(BRACKETS[step.bracket])} ${mark} ${clean(node.id).padEnd(names)} `;
  const indent = ' '.repeat(names + 7);
  const room = width - indent.length;
  return [
    ...titleLines(step, room).map(({ text, faint }, at) => (at === 0 ? head : indent) + text + paint.faint(faint)),
    ...step.previews.flatMap(([, preview]) => [
      ...wrap(previewSummary(preview), room, '').map((line) => indent + line),
      ...previewDetails(preview, details).map(
        (detail) => `${indent}  ${paintDetail(detail, cut(detail.nested ? `  ${detail.text}` : detail.text, room - 2), paint)}`,
      ),
    ]),
  ];
}

/** What it does and where, on one line when there is room. */
function titleLines({ node, notes }: StepView, room: number): readonly { readonly text: string; readonly faint: string }[] {
  const label = clean(node.label);
  const text = label === node.id || label === node.uses ? '' : cut(label, room);
  const facts = [node.uses, ...notes].join(' · ');
  if (text === '' && facts.length <= room) return [{ text: '', faint: facts }];
  if (text.length + 2 + facts.length <= room) return [{ text, faint: `  ${facts}` }];
  return [{ text, faint: '' }, ...wrap(facts, room, '').map((line) => ({ text: '', faint: line }))];
}

function paintDetail({ op, verdict }: Detail, text: string, paint: Paint): string {
  if (op !== undefined) return paintOp(op, text, paint);
  if (verdict === 'unreachable') return paint.bad(text);
  return verdict === undefined ? paint.faint(text) : text;
}

function noReturn({ node }: StepView, { paint, width }: Page): readonly string[] {
  return wrap(`  ━━ point of no return: once ${clean(node.id)} has succeeded, a rollback is refused`, width, '     ').map(paint.bad);
}

/** What a rollback would undo of this phase, in the order it would. */
function wayBack(view: PlanView, { rollback }: PhaseView, { paint, width }: Page): readonly string[] {
  const { body } = view.bundle;
  const own = rollback.own.map((each) => compensationWords(body, each));
  const open = rollback.uncovered.map((path) => clean(body.graph.nodes[path]?.id ?? path));
  return [
    ...(own.length > 0 ? wrap(`  ↩ ${own.join(' → ')}`, width, '    ').map(paint.good) : []),
    ...(open.length > 0 ? wrap(`  ↩ nothing undoes ${open.join(', ')}`, width, '    ').map(paint.warn) : []),
  ];
}

function findingLines({ bundle }: PlanView, { paint, width }: Page): readonly string[] {
  const findings = sortedFindings(bundle.body.verdict.findings);
  return findings.flatMap((finding) => {
    const where = finding.at === undefined ? '' : ` at ${clean(finding.at)}`;
    return [
      `${paintLevel(finding, `${LEVELS[finding.level]} ${clean(finding.rule)}`, paint)}${paint.faint(where)}`,
      ...wrap(clean(finding.msg), width - 4, '').map((line) => `    ${line}`),
      ...(finding.hint === undefined ? [] : wrap(`hint: ${clean(finding.hint)}`, width - 4, '').map((line) => paint.faint(`    ${line}`))),
      ...(finding.level === 'soft' ? [paint.faint(`    id ${finding.id}`)] : []),
    ];
  });
}

const LEVELS = { deny: '✖ denied', soft: '✖ needs an override', warn: '! warning' } as const;
function paintLevel({ level }: Finding, text: string, paint: Paint): string {
  return level === 'warn' ? paint.warn(text) : paint.bad(text);
}

function closingLines({ bundle, rollback }: PlanView, options: PlanTextOptions, { paint, width }: Page): readonly string[] {
  const { graph, expires, cost } = bundle.body;
  const point = rollback.pointOfNoReturn;
  const triggers = graph.rollback.on.length > 0 ? `on ${graph.rollback.on.join(', ')}` : 'never by itself';
  const costs = [cost?.monthly === undefined ? '' : `${cost.monthly} a month`, cost?.once === undefined ? '' : `${cost.once} once`].filter(
    (part) => part !== '',
  );
  const rows: readonly (readonly [string, string])[] = [
    ['takes', expectedWords(bundle, options.expected)],
    ...(options.measuring ?? []).flatMap((plan) => measuringWords(plan).map((line, index) => [index === 0 ? 'measure' : ' ', line] as const)),
    ...(costs.length > 0 ? [['costs', costs.join(', ')] as const] : []),
    ['back', `${triggers}, within ${periodWords(graph.rollback.budgetMs)}${point ? `; not after ${clean(point.path)}` : ''}`],
    ['plan', bundle.digest],
    ['until', `${clean(expires).slice(0, 16).replace('T', ' ')}Z`],
    ...nextWords(bundle, options).map((command, index) => [index === 0 ? 'next' : '', command] as const),
  ];
  return rows.flatMap(([name, text]) => {
    const lines = name === 'plan' || name === 'next' || name === '' ? [text] : wrap(text, width - 8, name === ' ' ? '  ' : '');
    const paintLine = name === 'next' || name === '' ? paint.accent : (line: string) => line;
    return lines.map((line, at) => paint.faint((at === 0 ? name : '').padEnd(8)) + paintLine(line));
  });
}
