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
const Rules = z.record(z.string(), z.array(Entry));
const Answer = z.tuple([z.object({ result: z.record(z.string(), Rules) })]);

/** Findings of an evaluation for some packages. Anything that is not a clear answer is itself a `deny`. */
export function findingsOf(evaluation: Evaluation, asked: readonly PolicyPackage[]): readonly Finding[] {
  if (evaluation.type !== 'answer')
    return [closed(evaluation.type, evaluation.why, 'policies could not judge, so nothing may run; try again, and simplify the policy that takes long')];
  if (Array.isArray(evaluation.result) && evaluation.result.length === 0)
    return [closed('noDecision', 'the policies gave no decision', 'a rule of a policy is undefined; "deny" and the like must be sets')];
  const parsed = Answer.safeParse(evaluation.result);
  if (!parsed.success)
    return [closed('badDecision', 'the policies gave something that is no decision', 'rules must be sets of texts or of objects with a "msg"')];
  const decision = parsed.data[0].result;
  const missing = asked.filter(({ name, rules }) => !rules.every((rule) => decision[name]?.[rule] !== undefined));
  if (missing.length > 0) return [closed('noDecision', `no decision of ${missing.map(({ name }) => name).join(', ')}`, 'see docs/policies.md')];
  return asked.flatMap(({ name }) => findingsIn(name, decision[name] ?? {}));
}

function findingsIn(name: string, rules: z.output<typeof Rules>): readonly Finding[] {
  const exceptions = Object.entries(rules).flatMap(([rule, entries]) =>
    rule.startsWith('exception') ? entries.map((entry) => (typeof entry === 'string' ? entry : entry.msg)) : [],
  );
  return Object.entries(rules).flatMap(([rule, entries]) =>
    rule.startsWith('exception') ? [] : entries.map((entry) => excepted(findingOf(name, rule, entry), exceptions)),
  );
}

function findingOf(name: string, rule: string, entry: z.output<typeof Entry>): Finding {
  const detail = typeof entry === 'string' ? { msg: entry } : entry;
  const { msg, at, hint, enforcement } = detail as Exclude<z.output<typeof Entry>, string>;
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
