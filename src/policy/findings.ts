import { z } from 'zod';
import { digestOf, type Json } from '../core/index.ts';
import type { Finding } from '../plan/index.ts';
import type { Evaluation } from './evaluator.ts';
import type { PolicyPackage } from './parse.ts';

const Entry = z.union([
  z.string(),
  z.looseObject({
    msg: z.string(),
    at: z.string().optional(),
    hint: z.string().optional(),
    enforcement: z.enum(['hard', 'soft']).optional(),
    rule: z.string().optional(),
  }),
]);
const Answer = z.tuple([z.object({ result: z.array(z.object({ package: z.string(), rule: z.string(), findings: z.unknown() })) })]);
type Entry = z.output<typeof Entry>;
type Rules = { readonly [rule: string]: readonly Entry[] };

/** Findings of an evaluation for some packages. Anything that is not a clear answer is itself a `deny`. */
export function findingsOf(evaluation: Evaluation, asked: readonly PolicyPackage[]): readonly Finding[] {
  if (evaluation.type !== 'answer') return [closed(evaluation.type, evaluation.why, WHAT_NOW[evaluation.type])];
  const parsed = Answer.safeParse(evaluation.result);
  if (!parsed.success) return [closed('noDecision', 'the policies gave no decision', 'see docs/policies.md')];
  const answers = new Map(parsed.data[0].result.map(({ package: name, rule, findings }) => [`${name}.${rule}`, findings]));
  return asked.flatMap(({ name, rules }) => findingsOfPackage(name, rules, answers));
}

/** Were policies not heard at all? Such a denial says nothing of what was judged, and may be another one a little later. */
export function wereUnheard(findings: readonly Finding[]): boolean {
  return findings.some(({ rule }) => Object.keys(WHAT_NOW).some((type) => rule === `slipway.${type}`));
}

const WHAT_NOW = {
  timeout: 'nothing may run that is not judged; simplify the rule that takes long, "opa eval --profile" shows which',
  crash: 'nothing may run that is not judged; "opa test policies" and "opa eval" show the mistake',
  abort: 'nothing may run that is not judged; try again',
} as const;

function findingsOfPackage(name: string, rules: readonly string[], answers: ReadonlyMap<string, unknown>): readonly Finding[] {
  const clear: { [rule: string]: readonly Entry[] } = {};
  const unclear: Finding[] = [];
  for (const rule of rules) {
    const full = `${name}.${rule}`;
    const entries = z.array(Entry).safeParse(answers.get(full));
    if (entries.success) clear[rule] = entries.data;
    else if (!answers.has(full))
      unclear.push(closed('noDecision', `rule ${full} has no value`, `write "${rule} contains msg if { … }", which is an empty set when nothing is wrong`));
    else
      unclear.push(
        closed(
          'badDecision',
          `rule ${full} gave something that is no set of findings`,
          'a finding is a text, or an object with a text "msg", and "enforcement" is soft or hard',
        ),
      );
  }
  return [...findingsIn(name, clear), ...unclear];
}

function findingsIn(name: string, rules: Rules): readonly Finding[] {
  const exceptions = Object.entries(rules).flatMap(([rule, entries]) =>
    rule.startsWith('exception') ? entries.map((entry) => (typeof entry === 'string' ? entry : entry.msg)) : [],
  );
  return Object.entries(rules).flatMap(([rule, entries]) =>
    rule.startsWith('exception') ? [] : entries.map((entry) => excepted(findingOf(name, rule, entry), exceptions)),
  );
}

function findingOf(name: string, rule: string, entry: Entry): Finding {
  const detail = typeof entry === 'string' ? { msg: entry } : entry;
  const { msg, at, hint, enforcement } = detail as Exclude<Entry, string>;
  const level = rule.startsWith('warn') ? 'warn' : enforcement === 'soft' ? 'soft' : 'deny';
  const about: { [key: string]: Json } = { rule: `${name}.${rule}`, msg, ...(at === undefined ? {} : { at }) };
  return { level, rule: `${name}.${rule}`, msg, id: digestOf(about), ...(at === undefined ? {} : { at }), ...(hint === undefined ? {} : { hint }) };
}

/** An exception lets a finding stand, and says that it did. */
function excepted(finding: Finding, exceptions: readonly string[]): Finding {
  const matches = exceptions.some((name) => name === finding.rule || finding.rule.endsWith(`.${name}`) || name === finding.msg);
  return matches && finding.level !== 'warn' ? { ...finding, level: 'warn', msg: `${finding.msg} (let through by an exception)` } : finding;
}

/** A deny of our own: how judging itself went wrong. */
export function closed(reason: string, msg: string, hint: string): Finding {
  const rule = `slipway.${reason}`;
  return { level: 'deny', rule, msg, hint, id: digestOf({ rule, msg }) };
}
