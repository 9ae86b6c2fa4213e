import { z } from 'zod';
import { didYouMean, type Problem } from '../core/index.ts';

/** Rules that are looked at, conftest's words; a suffix gives a rule a name of its own: `deny_public`. */
const RULE = /^(deny|violation|warn|exception)(_[a-z0-9_]+)?$/;
const WORDS = ['deny', 'violation', 'warn', 'exception'];
const Place = z.looseObject({ row: z.number(), col: z.number() });
const Term = z.looseObject({ type: z.string().optional(), value: z.unknown() });
const Head = z.looseObject({
  ref: z.array(Term).optional(),
  name: z.string().optional(),
  key: Term.optional(),
  value: Term.optional(),
  args: z.array(z.unknown()).optional(),
  assign: z.boolean().optional(),
  location: Place.optional(),
});
type Head = z.output<typeof Head>;

/** What `opa parse --format json --json-include locations` tells about a file. */
export const Module = z.looseObject({ package: z.looseObject({ path: z.array(Term) }), rules: z.array(z.looseObject({ head: Head })).optional() });
export type Module = z.output<typeof Module>;

/** Names of the rules of ours in a file, sorted. */
export function rulesIn({ rules = [] }: Module): readonly string[] {
  return [...new Set(rules.map(({ head }) => nameOf(head)).filter((name) => RULE.test(name)))].sort();
}

/** Names of everything a file defines, ours or not. */
export function namesIn({ rules = [] }: Module): readonly string[] {
  return rules.map(({ head }) => nameOf(head));
}

export function packageOf({ package: { path } }: Module): string {
  return path
    .slice(1)
    .map(({ value }) => String(value))
    .join('.');
}

/** Rules of ours that could never be judged by: no sets, no message, or a name that nobody asks for. */
export function shapeProblems(module: Module, file: string): readonly Problem[] {
  const heads = (module.rules ?? []).map(({ head }) => head);
  const ours = heads.filter((head) => RULE.test(nameOf(head)));
  const found = ours.flatMap((head) => [notASet(head), notAFinding(head)]).filter((mistake) => mistake !== undefined);
  // Only where nothing else is asked: a rule beside "deny" may well be called "denied".
  const misnamed = ours.length > 0 ? [] : heads.map(misspelt).filter((mistake) => mistake !== undefined);
  return [...found, ...misnamed].map(({ head, ...rest }) => ({
    ...{ severity: 'error', path: '', file, line: head.location?.row ?? 1, column: head.location?.col ?? 1 },
    ...rest,
  }));
}

/** Verbs of sprintf that mean something in Go only: a judgement with one would fail. */
export function sprintfProblems(module: unknown, file: string): readonly Problem[] {
  return callsOf(module).flatMap(([format, { row, col }]) => {
    const bad = /%(?!%|[-+0]*\d*(?:\.\d+)?[bcdefgosTtuvxX])\S?.?/.exec(format.replaceAll('%%', ''))?.[0];
    if (bad === undefined) return [];
    const message = `sprintf does not know "${bad.trim()}" in "${format}"`;
    const hint = 'use %s for texts, %d for whole numbers, %.1f for others, %v for anything, and concat(", ", list) for lists';
    return [{ code: 'POLICY_SPRINTF', severity: 'error', file, line: row, column: col, path: '', message, hint }];
  });
}

const Sprintf = z
  .tuple([
    z.looseObject({ type: z.literal('ref'), value: z.tuple([z.looseObject({ value: z.literal('sprintf') })]), location: Place }),
    z.looseObject({ type: z.literal('string'), value: z.string() }),
  ])
  .rest(z.unknown());

function callsOf(node: unknown): readonly (readonly [string, z.output<typeof Place>])[] {
  if (typeof node !== 'object' || node === null) return [];
  const call = Sprintf.safeParse(node);
  const inner = Object.values(node).flatMap(callsOf);
  return call.success ? [[call.data[1].value, call.data[0].location] as const, ...inner] : inner;
}

type Mistake = Pick<Problem, 'code' | 'message'> & { readonly hint: string; readonly head: Head };
/** Kinds of values that hold no findings, in words. */
const NO_SETS = new Map([
  ['boolean', 'true or false'],
  ['number', 'a number'],
  ['string', 'one text'],
  ['null', 'null'],
  ['array', 'a list'],
  ['object', 'an object'],
  ['arraycomprehension', 'a list'],
  ['objectcomprehension', 'an object'],
]);

function notASet(head: Head): Mistake | undefined {
  const name = nameOf(head);
  const hint = `write "${name} contains msg if { … }"`;
  const mistake = (message: string): Mistake => ({ code: 'POLICY_NOT_A_SET', message, hint, head });
  if (head.args !== undefined) return mistake(`"${name}" is a function, and nobody calls it`);
  if ((head.ref?.length ?? 1) > 1) return mistake(`"${name}" is an object with keys, not a set of findings`);
  const words = NO_SETS.get(head.value?.type ?? '');
  if (head.key !== undefined || words === undefined) return undefined;
  return mistake(`"${name}" is ${words}, not a set of findings`);
}

function notAFinding(head: Head): Mistake | undefined {
  const { type, value } = head.key ?? {};
  const name = nameOf(head);
  const mistake = (message: string, hint: string): Mistake => ({ code: 'POLICY_FINDING', message, hint, head });
  const shape = 'a finding is a text, or an object like {"msg": "…", "at": step.path, "hint": "…"}';
  if (type === 'object') return badMembers(membersOf(value), name, mistake);
  const words = NO_SETS.get(type ?? '');
  return words !== undefined && type !== 'string' ? mistake(`"${name}" contains ${words}, which is no finding`, shape) : undefined;
}

function badMembers(members: ReadonlyMap<string, unknown>, name: string, mistake: (message: string, hint: string) => Mistake): Mistake | undefined {
  if (!members.has('msg'))
    return mistake(`a finding of "${name}" has no "msg"`, `it has ${[...members.keys()].join(', ') || 'no members'}; say in "msg" what is wrong`);
  const enforcement = members.get('enforcement');
  if (typeof enforcement !== 'string' || enforcement === 'hard' || enforcement === 'soft') return undefined;
  return mistake(
    `enforcement cannot be "${enforcement}"`,
    'use "soft" for what an owner may override, "hard" (or nothing) for what nobody may, and a warn rule for advice',
  );
}

/** Members of an object term; values only where they are plain texts. */
function membersOf(value: unknown): ReadonlyMap<string, unknown> {
  const pairs = z.array(z.tuple([Term, Term])).safeParse(value);
  return new Map(pairs.success ? pairs.data.map(([key, member]) => [String(key.value), member.type === 'string' ? member.value : undefined]) : []);
}

function misspelt(head: Head): Mistake | undefined {
  const name = nameOf(head);
  const meant = head.key === undefined ? undefined : didYouMean(name, [...WORDS, 'denies', 'denied', 'violations', 'warning', 'warnings', 'exceptions']);
  const word = WORDS.find((known) => meant?.startsWith(known.slice(0, 3)));
  if (meant === undefined || word === undefined) return undefined;
  return { code: 'POLICY_NOT_ASKED', message: `nobody asks a rule called "${name}"`, hint: `did you mean "${word}"? ${WORDS.join(', ')} are asked`, head };
}

function nameOf({ name, ref }: Head): string {
  const first = name ?? ref?.[0]?.value;
  return typeof first === 'string' ? first : '';
}
