import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { didYouMean, isObject, type Json, type Problem } from '../core/index.ts';
import { type Opa, runOpa } from './opa.ts';
import { Module, namesIn, packageOf, rulesIn, shapeProblems, sprintfProblems } from './shape.ts';
import type { Sources } from './sources.ts';

const OpaError = z.looseObject({
  message: z.string(),
  code: z.string().optional(),
  location: z.looseObject({ file: z.string(), row: z.number(), col: z.number() }).optional(),
});
type OpaError = z.output<typeof OpaError>;
const OpaErrors = z.looseObject({ errors: z.array(OpaError) });
const Known = z.looseObject({ builtins: z.array(z.looseObject({ name: z.string() })) });

/** A package with the rules of ours that it has. */
export interface PolicyPackage {
  readonly name: string;
  readonly rules: readonly string[];
}
/** Sources, and the folder where a copy of them is compiled. */
export interface Copied {
  readonly sources: Sources;
  /** Absolute path. */
  readonly folder: string;
}

/** Parse and check every file; every mistake at once, with file, line and column. */
export async function checkSources(opa: Opa, copied: Copied, capabilitiesFile: string): Promise<readonly Problem[]> {
  const { exitCode, stdout, stderr } = await runOpa(opa, ['check', '--strict', '--format', 'json', '--capabilities', capabilitiesFile, copied.folder]);
  if (exitCode === 0) return [];
  const parsed = OpaErrors.safeParse(jsonIn(stderr) ?? jsonIn(stdout));
  if (!parsed.success || parsed.data.errors.length === 0) return [problemOf('POLICY_INVALID', undefined, (stderr || stdout).trim(), copied)];
  const known = Known.parse(JSON.parse(await readFile(capabilitiesFile, 'utf8'))).builtins.map(({ name }) => name);
  return parsed.data.errors
    .toSorted(byPlace)
    .map(({ message, code, location }) => withNearest(problemOf(codeOf(code, message), location, message, copied), known));
}

/** A mistake that `opa build` tells in words: data that cannot be read, or that clash with rules. */
export function buildProblem(text: string, copied: Copied): Problem {
  const said = nameFiles(text, copied)
    .replace(/^error: /, '')
    .replace(/^load error: \d+ errors? occurred during loading: /, '')
    .trim();
  const own = said.startsWith(`${copied.sources.label}/`) ? said.slice(copied.sources.label.length + 1) : said;
  const place = /^(?<file>[^:]+\.(?:rego|json|ya?ml)):(?:(?<row>\d+):)? *(?<what>.*)$/s.exec(own)?.groups;
  const row = Number(place?.['row'] ?? /\bline (\d+)\b/.exec(said)?.[1] ?? 1);
  const file = place?.['file'] === undefined ? copied.folder : join(copied.folder, place['file']);
  const isData = /\.(json|ya?ml)$/.test(file);
  return problemOf(isData ? 'POLICY_DATA' : 'POLICY_BUILD', { file, row, col: 1 }, place?.['what'] ?? said, copied);
}

function codeOf(code: string | undefined, message: string): string {
  if (/undefined function/.test(message)) return 'POLICY_UNKNOWN_BUILTIN';
  return code === 'rego_parse_error' ? 'POLICY_SYNTAX' : 'POLICY_INVALID';
}

function byPlace(a: OpaError, b: OpaError): number {
  const [one, other] = [a.location, b.location];
  if (!one || !other) return 0;
  return one.file < other.file ? -1 : one.file > other.file ? 1 : one.row - other.row || one.col - other.col;
}

/** A slip of the finger in the name of a function. */
function withNearest(problem: Problem, known: readonly string[]): Problem {
  const wrong = /^undefined function (\S+)$/.exec(problem.message)?.[1];
  const near = wrong === undefined ? undefined : didYouMean(wrong, known);
  return near === undefined ? problem : { ...problem, hint: `did you mean "${near}"? docs/policies.md lists what there is` };
}

interface Place {
  readonly file: string;
  readonly row: number;
  readonly col: number;
}

function problemOf(code: string, place: Place | undefined, message: string, copied: Copied): Problem {
  const first = plainWords(nameFiles(message, copied));
  const file = nameFiles(place?.file ?? copied.folder, copied);
  return { code, severity: 'error', file, line: place?.row ?? 1, column: Math.max(1, place?.col ?? 1), path: '', message: first, hint: hintOf(code, first) };
}

/** The first line, without what is said elsewhere: opa's own hints, and the line again. */
function plainWords(message: string): string {
  return (message.split('\n')[0] ?? message)
    .replace(/\.? \((hint: )?use [^()]*(\([^()]*\))?[^()]*\)$/, '')
    .replace(/^var (\S+) is unsafe$/, '"$1" has no value')
    .replace(/^unexpected eof token$/, 'the file ends in the middle of a rule')
    .replace(/^error converting YAML to JSON: /, '')
    .replace(/^yaml: line \d+: /, '');
}

/** Names as people know them: `policies/tags.rego`, not a path in our cache. */
function nameFiles(text: string, { sources: { label }, folder }: Copied): string {
  // opa leaves the first slash out in some messages.
  return text.replaceAll(folder, label).replaceAll(folder.slice(1), label);
}

/** Words of opa, and what to do about them. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/undefined function (http|net|opa)\./, 'policies reach no network; what they judge is in "input", see docs/policy-input.md'],
  [/undefined function time\.now_ns/, 'policies have no clock; compare texts with input.now, which is RFC 3339 in UTC'],
  [/undefined function/, 'policies run as WebAssembly; use a builtin that docs/policies.md lists, or define the function'],
  [/`?if`? keyword is required/, 'policies are Rego v1: write "if" before the body: deny contains msg if { … }'],
  [/`?contains`? keyword is required/, 'policies are Rego v1: write deny contains msg if { … }'],
  [/ends in the middle/, 'a brace, bracket or quote is not closed'],
  [/cannot assign to call/, 'the line above may be unfinished; each condition is on a line of its own'],
  [/invalid argument\(s\)/, 'what it is given has the wrong type; "opa check" shows what it has and wants'],
  [/has no value$/, 'give it a value in the body, or correct its spelling; "some x in …" goes over a list'],
  [/undefined ref: input/, 'there is no such member of the plan; see docs/policy-input.md'],
  [/unused/, 'remove it, or use it; a leftover is often a forgotten condition'],
  [/conflict/, 'give the rule or the data another name'],
  [/recursive/, 'a rule cannot depend on itself; use walk() or graph.reachable()'],
  [/shadowed|shadows|must not shadow/, 'choose a name that is not "input", "data" or a builtin'],
  [/package expected/, 'begin the file with "package slipway.<name>"'],
  [/yaml|json|YAML|JSON|did not find expected/, 'correct the data file; "opa eval -d <file> data" shows what it holds'],
];

function hintOf(code: string, message: string): string {
  const advice = ADVICE.find(([pattern]) => pattern.test(message))?.[1];
  if (advice !== undefined) return advice;
  if (code === 'POLICY_SYNTAX') return 'policies are Rego v1: deny contains msg if { … }; "opa fmt" and "opa check --strict" help';
  return 'see docs/policies.md; "opa check --strict policies" tells the same on your machine';
}

/** A rule, and where it is in the world of policies: `slipway`, `approval`, `deny`. */
export interface Defined {
  readonly file: string;
  readonly path: readonly string[];
}

/** Data of the same name as a rule: compiled policies would read the rule, and `opa test` refuses both; so do we. */
export function clashes(data: Json, defined: readonly Defined[]): readonly Problem[] {
  const found = defined.filter(({ path }) => isInData(data, path)).map(({ file, path }) => ({ file, name: path.join('.') }));
  return [...new Map(found.map((clash) => [clash.name, clash])).values()].map(({ file, name }) => ({
    ...{ code: 'POLICY_DATA', severity: 'error', file, line: 1, column: 1, path: '' },
    message: `${name} is a rule, and the data have a value of the same name`,
    hint: 'policies see the rule only; take the value out of the data, or give it another name',
  }));
}

function isInData(data: Json, path: readonly string[]): boolean {
  let at: Json | undefined = data;
  for (const part of path) {
    if (at === undefined || !isObject(at)) return at !== undefined; // a plain value where the package should be
    at = at[part];
  }
  return at !== undefined;
}

/** The packages of a folder that have rules of ours, sorted; and rules that could never be judged by. */
export async function packagesOf(
  opa: Opa,
  { sources, folder }: Copied,
): Promise<{ readonly packages: readonly PolicyPackage[]; readonly defined: readonly Defined[]; readonly problems: readonly Problem[] }> {
  const packages = new Map<string, readonly string[]>();
  const defined: Defined[] = [];
  const problems: Problem[] = [];
  for (const name of sources.files.keys()) {
    if (!name.endsWith('.rego')) continue;
    const { stdout } = await runOpa(opa, ['parse', '--format', 'json', '--json-include', 'locations', join(folder, name)]);
    const module = Module.parse(JSON.parse(stdout));
    const rules = rulesIn(module);
    problems.push(...shapeProblems(module, `${sources.label}/${name}`), ...sprintfProblems(module, `${sources.label}/${name}`));
    defined.push(...namesIn(module).map((rule) => ({ file: `${sources.label}/${name}`, path: [...packageOf(module).split('.'), rule] })));
    const known = packages.get(packageOf(module)) ?? [];
    if (rules.length > 0) packages.set(packageOf(module), [...new Set([...known, ...rules])].sort());
  }
  return { packages: [...packages].map(([name, rules]) => ({ name, rules })).sort((a, b) => (a.name < b.name ? -1 : 1)), defined, problems };
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
