import type { Problem } from '../../core/index.ts';
import { code, link, plain } from '../escape.ts';
import { counted, cut, MARKDOWN_LIMIT, planMarkdown } from '../plan/index.ts';
import { analysesMarkdown } from '../verdict/index.ts';
import type { LockView, PullView, RuleView, RunbookView } from './view.ts';
import { changeWords, costWords, stageWords, timeWords, verdictWords } from './words.ts';

/** How much is shown of long lists; the first that fits is taken. Plans get what room is left. */
const LEVELS = [
  { problems: 100, rows: 60, details: 60, findings: 50 },
  { problems: 30, rows: 60, details: 20, findings: 10 },
  { problems: 10, rows: 30, details: 5, findings: 5 },
  { problems: 5, rows: 10, details: 0, findings: 0 },
] as const;
type Level = (typeof LEVELS)[number];
const LONGEST = 400;
/** A plan in less room than this would say nothing. */
const LEAST_PLAN = 2_000;

/**
 * The comment below a pull request: summary, mistakes, details folded away, what happens next. Everything from outside is escaped; what does not fit is
 * left out, plans first, and the comment says so.
 *
 * @param limit UTF-16 code units, at least 10,000; what the usual forges take unless told.
 */
export function pullMarkdown(view: PullView, limit: number = MARKDOWN_LIMIT): string {
  for (const level of LEVELS) {
    const frame = write(view, level, new Map());
    if (frame.length <= limit) return write(view, level, plansWithin(view, level, limit - frame.length));
  }
  return `${heading(view)}\n\n_This change is too large for a comment; the portal shows all of it._\n`;
}

function write(view: PullView, level: Level, plans: ReadonlyMap<string, string>): string {
  const shown = view.runbooks.slice(0, level.details);
  const blocks = [
    heading(view),
    view.notes.map((note) => `> ${plain(note)}`).join('\n>\n'),
    problemList(view, level),
    table(view, level),
    ...shown.map((runbook) => details(view, runbook, { level, plan: plans.get(runbook.name) })),
    shown.length < view.runbooks.length && level.details > 0
      ? `_Details of ${counted(view.runbooks.length - shown.length, 'more runbook')} are left out to fit into a comment._`
      : '',
    lockList(view.locks),
    commandList(view),
  ];
  return `${blocks.filter((each) => each !== '').join('\n\n')}\n`;
}

/** Plans share the room evenly; what a short one leaves goes to those after it. */
function plansWithin(view: PullView, level: Level, room: number): ReadonlyMap<string, string> {
  const plans = new Map<string, string>();
  const wanted = view.runbooks.slice(0, level.details).filter(({ plan }) => plan !== undefined);
  let left = room;
  for (const [index, { name, plan }] of wanted.entries()) {
    const share = Math.floor(left / (wanted.length - index));
    if (!plan || share < LEAST_PLAN) continue;
    const { bundle, expected } = plan;
    const options = { limit: share - 10, next: [], linkTo: view.linkTo, ...(expected ? { expected } : {}) };
    const text = planMarkdown(bundle, options).trim();
    plans.set(name, text);
    left -= text.length + 2; // and the empty line before it
  }
  return plans;
}

function heading({ runbooks, problems, isWorking, head }: PullView): string {
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const denied = runbooks.filter(({ verdict }) => verdict && verdict.decision !== 'allow').length;
  const planned = runbooks.filter(({ plan }) => plan !== undefined).length;
  const words = [
    errors > 0 ? counted(errors, 'mistake') : '',
    `${counted(runbooks.length, 'runbook')} affected`,
    planned > 0 ? `${planned} planned` : '',
    denied > 0 ? `${denied} not allowed` : '',
  ];
  const sign = errors > 0 || denied > 0 ? '⛔' : isWorking ? '⏳' : '✅';
  const last = isWorking ? '; work goes on' : '';
  return `## ${sign} Slipway: ${words.filter((word) => word !== '').join(', ')}${last}\n\nof ${code(head.slice(0, 12))}`;
}

function problemList({ problems, linkTo }: PullView, level: Level): string {
  const sorted = problems.toSorted((a, b) => Number(a.severity !== 'error') - Number(b.severity !== 'error'));
  const lines = sorted.slice(0, level.problems).map((problem) => problemLine(problem, linkTo));
  const more = problems.length - lines.length;
  return [...lines, ...(more > 0 ? [`- … and ${more} more`] : [])].join('\n');
}

function problemLine({ severity, file, line, message, hint }: Problem, linkTo: PullView['linkTo']): string {
  const where = link(code(`${file}:${line}`), linkTo({ file, line }));
  const help = hint === undefined ? '' : ` (${plain(cut(hint, LONGEST))})`;
  return `- ${severity === 'error' ? '⛔' : '⚠️'} ${where} ${plain(cut(message, LONGEST))}${help}`;
}

function table(view: PullView, level: Level): string {
  if (view.runbooks.length === 0) return 'No runbook is affected.';
  const rows = view.runbooks.slice(0, level.rows).map((runbook) => {
    const { changes, reach } = changeWords(runbook);
    const name = link(code(runbook.name), view.linkTo({ file: runbook.file, line: 1 }));
    const cells = [verdictWords(runbook.verdict), changes, costWords(runbook), timeWords(runbook), reach];
    return `| ${name} | ${cells.map(plain).join(' | ')} | ${stage(runbook)} |`;
  });
  const more = view.runbooks.length - rows.length;
  const head = ['| runbook | verdict | changes | cost | time | blast radius | stage |', '| --- | --- | --- | --- | --- | --- | --- |'];
  return [...head, ...rows, ...(more > 0 ? ['', `_… and ${counted(more, 'more runbook')}_`] : [])].join('\n');
}

function stage(runbook: RunbookView): string {
  return link(plain(stageWords(runbook)), runbook.run?.url);
}

function details(view: PullView, runbook: RunbookView, { level, plan }: { readonly level: Level; readonly plan: string | undefined }): string {
  const { name, reasons, run, pin } = runbook;
  const blocks = [
    reasons.length > 0 ? `Affected by ${reasons.map(plain).join(', ')}.` : '',
    pin === undefined ? '' : `📌 ${plain(pin)}`,
    run?.waits === undefined ? '' : `⏳ The run waits for ${plain(run.waits)}.`,
    analysisWords(run),
    planWords(runbook, plan),
    plan === undefined ? findingList(view, runbook, level) : '',
    ruleList(runbook.rules),
    plan ?? '',
  ];
  const inside = blocks.filter((block) => block !== '');
  return inside.length === 0 ? '' : [`<details><summary>${plain(name)}: ${plain(stageWords(runbook))}</summary>`, ...inside, '</details>'].join('\n\n');
}

/** What dual runs found. Comments hold no pictures of ours: those are on the page of the run, which asks who looks. */
function analysisWords(run: RunbookView['run']): string {
  if (!run || run.analyses.length === 0) return '';
  return `${analysesMarkdown(run.analyses)}${run.url === undefined ? '' : `\n${link('Pictures of the verdicts', run.url)}`}`.trimEnd();
}

function planWords({ plan, missing }: RunbookView, text: string | undefined): string {
  if (plan?.stale !== undefined) return `**The plan no longer counts:** ${plain(plan.stale)}. Say ${code('slipway plan')} to make a new one.`;
  if (plan && text === undefined) return `_The plan ${code(plan.bundle.digest)} did not fit into this comment._`;
  return missing === undefined ? '' : plain(missing);
}

/** A plan lists its findings itself. */
function findingList({ linkTo }: PullView, { verdict, file, plan, graph = plan?.bundle.body.graph }: RunbookView, level: Level): string {
  const findings = verdict?.findings ?? [];
  const signs = { deny: '⛔', soft: '✋', warn: '⚠️' } as const;
  const lines = findings.slice(0, level.findings).map((finding) => {
    const node = graph?.nodes[finding.at ?? ''];
    const at = finding.at === undefined ? '' : ` at ${link(code(finding.at), linkTo(node?.source ?? { file, line: 1 }))}`;
    const hint = finding.hint === undefined ? '' : ` (${plain(cut(finding.hint, LONGEST))})`;
    return `- ${signs[finding.level]} ${code(finding.rule)}${at}: ${plain(cut(finding.msg, LONGEST))}${hint}`;
  });
  return [...lines, ...(findings.length > lines.length ? [`- … and ${counted(findings.length - lines.length, 'more finding')}`] : [])].join('\n');
}

function ruleList(rules: readonly RuleView[]): string {
  if (rules.length === 0) return '';
  const lines = rules.map(({ isMet, rule, found, todo }) => {
    const next = isMet || todo === undefined ? '' : `; ${plain(cut(todo, LONGEST))}`;
    return `- ${isMet ? '✅' : '⬜'} ${plain(rule)}: ${plain(cut(found, LONGEST))}${next}`;
  });
  return ['**Before it is applied**', ...lines].join('\n');
}

function lockList(locks: readonly LockView[]): string {
  const lines = locks.map(({ lock, holder, since, isOurs }) => {
    const at = new Date(since).toISOString().slice(0, 16).replace('T', ' ');
    return `- 🔒 ${code(lock)} ${isOurs ? 'is held by this change' : `is held by ${code(holder)}`} since ${at}Z`;
  });
  return lines.join('\n');
}

function commandList({ commands }: PullView): string {
  if (commands.length === 0) return '';
  const lines = commands.map(({ command, does }) => `- ${code(command)} ${plain(does)}`);
  return ['**What happens next**', ...lines, '', `Commands stand alone in the first line of a comment; ${code('slipway help')} lists all.`].join('\n');
}
