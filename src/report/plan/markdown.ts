import type { PlanBundle } from '../../plan/index.ts';
import { commitWords, decisionWords, expectedWords, nextWords, type PlanOptions, sortedFindings } from './closing.ts';
import { previewDetails, previewSummary } from './details.ts';
import { block, code, link, plain } from '../escape.ts';
import { compensationWords, type PhaseView, type PlanView, type StepView, viewOf } from './view.ts';
import { measuringWords } from './measuring.ts';
import { counted, countWords, cut } from './words.ts';

/** Most characters of a comment on the usual forges. */
export const MARKDOWN_LIMIT = 65_536;
/** How much is shown, from everything to next to nothing; the first that fits is taken. */
const LEVELS = [
  { details: 200, steps: true, findings: 200, note: '' },
  { details: 30, steps: true, findings: 100, note: 'Previews are shortened to fit into a comment.' },
  { details: 5, steps: true, findings: 50, note: 'Previews are shortened to fit into a comment.' },
  { details: 0, steps: true, findings: 50, note: 'Previews are left out to fit into a comment.' },
  { details: 0, steps: false, findings: 50, note: 'Steps and previews are left out to fit into a comment.' },
  { details: 0, steps: false, findings: 10, note: 'Steps, previews and some findings are left out to fit into a comment.' },
] as const;
/** Characters of one message. */
const LONGEST = 500;
type Level = (typeof LEVELS)[number];

/**
 * A plan as one comment of at most 65,536 characters: verdict, phases, steps and previews folded away, the way back, what to do next. Everything
 * from outside is escaped; what does not fit is shortened, previews first, and the comment says so.
 */
export function planMarkdown(bundle: PlanBundle, options: PlanOptions = {}): string {
  const view = viewOf(bundle, options.now);
  const limit = options.limit ?? MARKDOWN_LIMIT;
  for (const level of LEVELS) {
    const text = write(view, options, level);
    if (text.length <= limit) return text;
  }
  const closing = `\n\n${code(bundle.digest)}: this plan is too large for a comment; run ${code(`slipway plan ${bundle.body.runbook.name}`)} to see it.\n`;
  return `${heading(view)}\n${closing}`.slice(0, limit);
}

function write(view: PlanView, options: PlanOptions, level: Level): string {
  const blocks = [
    heading(view),
    level.note === '' ? '' : `_${level.note}_`,
    overview(view),
    findingList(view, level, options.linkTo),
    phaseTable(view),
    ...(level.steps ? view.phases.map((phase) => phaseDetails(view, phase, level)) : []),
    closing(view, options),
  ];
  return `${blocks.filter((each) => each !== '').join('\n\n')}\n`;
}

function heading({ bundle }: PlanView): string {
  const { decision } = bundle.body.verdict;
  const sign = decision === 'allow' ? '✅' : decision === 'deny' ? '⛔' : '✋';
  return `### ${sign} Plan for ${plain(bundle.body.runbook.name)}${bundle.body.rehearsal ? ' (rehearsal)' : ''}: ${decisionWords(bundle)}`;
}

function overview({ bundle, mutating, hosts, stacks, counts, approximate }: PlanView): string {
  const { graph, inputs } = bundle.body;
  const description = graph.metadata['description'];
  const touches = [
    mutating === 0 ? '**changes nothing**' : `**${counted(mutating, 'step')}** ${mutating === 1 ? 'changes' : 'change'} something`,
    hosts > 0 ? `**${counted(hosts, 'host')}**` : '',
    stacks > 0 ? `**${counted(stacks, 'stack')}** (${countWords(counts) || 'no change'}${approximate ? ', approximate' : ''})` : '',
  ].filter((part) => part !== '');
  const values = [
    ...Object.entries(inputs.values).map(([name, value]) => code(`${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)),
    ...inputs.secrets.map((name) => `${code(name)} (secret)`),
  ];
  return [
    ...(typeof description === 'string' ? [`${plain(description)}  `] : []),
    `${touches.join(' · ')}  `,
    `${plain(commitWords(bundle))}${values.length > 0 ? `, with ${values.join(' ')}` : ''}`,
  ].join('\n');
}

function findingList({ bundle }: PlanView, { findings: most }: Level, linkTo: PlanOptions['linkTo']): string {
  const findings = sortedFindings(bundle.body.verdict.findings);
  const words = { deny: '⛔ **denied**', soft: '✋ **needs an override**', warn: '⚠️ warning' } as const;
  const lines = findings.slice(0, most).map(({ level, rule, at, msg, hint, id }) => {
    const where = at === undefined ? '' : ` at ${link(code(at), linkTo?.(placeOf(bundle, at)))}`;
    const override = level === 'soft' ? ` (${code(id)})` : '';
    return `- ${words[level]} ${code(rule)}${where}: ${plain(cut(msg, LONGEST))}${hint === undefined ? '' : ` (hint: ${plain(cut(hint, LONGEST))})`}${override}`;
  });
  return [...lines, ...(findings.length > most ? [`- … and ${counted(findings.length - most, 'more finding')}`] : [])].join('\n');
}

/** Where a node or phase is written; its runbook for anything else. */
function placeOf({ body }: PlanBundle, at: string): { readonly file: string; readonly line: number } {
  const path = at.replace(/\[\d+\]$/, '');
  const node = body.graph.nodes[path] ?? Object.values(body.graph.nodes).find(({ phase }) => phase === path);
  return node?.source ?? { file: body.runbook.file, line: 1 };
}

function phaseTable(view: PlanView): string {
  const rows = view.phases.map(({ phase, production, gates, steps, rollback }) => {
    const changing = steps.filter(({ nature }) => nature === 'changes').length;
    const back = rollback.own.length > 0 ? counted(rollback.own.length, 'step') : changing > 0 ? 'nothing' : '–';
    const point = view.rollback.pointOfNoReturn?.phase === phase.id ? ' until the point of no return' : '';
    const where = phase.environment === undefined ? '' : `${plain(phase.environment)}${production ? ' (production)' : ''}`;
    return `| ${plain(phase.id)} | ${phase.type} | ${where} | ${steps.length}, ${changing} changing | ${gates.map(plain).join('; ')} | ${back}${point} |`;
  });
  return ['| phase | type | environment | steps | before it starts | way back |', '| --- | --- | --- | --- | --- | --- |', ...rows].join('\n');
}

function phaseDetails(view: PlanView, phase: PhaseView, level: Level): string {
  const { body } = view.bundle;
  const { own, uncovered } = phase.rollback;
  const lines = [
    `<details><summary>${plain(phase.phase.id)}</summary>`,
    '',
    ...phase.steps.flatMap((step) => stepLines(view, step, level)),
    ...(own.length > 0 ? ['', `**Way back:** ${own.map((each) => plain(compensationWords(body, each))).join(' → ')}`] : []),
    ...(uncovered.length > 0 ? ['', `**Nothing undoes** ${uncovered.map(code).join(', ')}`] : []),
    '',
    '</details>',
  ];
  return lines.join('\n');
}

function stepLines(view: PlanView, { node, nature, bracket, notes, previews }: StepView, { details }: Level): readonly string[] {
  const marks = { changes: '🔶', looks: '▫️', waits: '⏳' } as const;
  const beside = bracket === 'alone' ? '' : ' ∥';
  const label = node.label === node.id || node.label === node.uses ? '' : ` ${plain(node.label)}`;
  const facts = [code(node.uses), ...notes.map(plain)].join(' · ');
  const point = view.rollback.pointOfNoReturn?.path === node.path ? ' **point of no return**' : '';
  return [
    `- ${marks[nature]}${beside} ${code(node.id)}${label} · ${facts}${point}${previews.length > 0 ? '  ' : ''}`,
    ...previews.flatMap(([, preview]) => {
      const lines = details === 0 ? [] : previewDetails(preview, details).map(({ text, nested }) => (nested ? `  ${text}` : text));
      const shown =
        lines.length === 0
          ? []
          : [
              '',
              ...block(lines, 'diff')
                .split('\n')
                .map((line) => `  ${line}`),
              '',
            ];
      return [`  ${plain(previewSummary(preview))}`, ...shown];
    }),
  ];
}

function closing({ bundle, rollback }: PlanView, options: PlanOptions): string {
  const { graph, expires, cost } = bundle.body;
  const point = rollback.pointOfNoReturn;
  const costs = [cost?.monthly === undefined ? '' : `${cost.monthly} a month`, cost?.once === undefined ? '' : `${cost.once} once`].filter(
    (part) => part !== '',
  );
  return [
    `**Takes** ${plain(expectedWords(bundle, options.expected))}  `,
    ...(options.measuring ?? []).flatMap((plan) => measuringWords(plan).map((line, at) => `${at === 0 ? '**Needs** ' : '&nbsp;&nbsp;'}${plain(line)}  `)),
    ...(costs.length > 0 ? [`**Costs** ${costs.join(', ')}  `] : []),
    `**Rolls back** ${graph.rollback.on.length > 0 ? `on ${graph.rollback.on.join(', ')}` : 'never by itself'}${point ? `, not after ${code(point.path)}` : ''}  `,
    `**Plan** ${code(bundle.digest)}, good until ${plain(expires)}`,
    '',
    ...nextWords(bundle, options).map((command) => `> ${command.startsWith('slipway') ? code(command) : plain(command)}`),
  ].join('\n');
}
