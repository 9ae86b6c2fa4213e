import { type Digest, isObject, type Json, randomText } from '../core/index.ts';
import type { Finding, PlanVerdict } from '../plan/index.ts';
import { compile, invalid } from './compile.ts';
import { createEvaluator, type Evaluator } from './evaluator.ts';
import { closed, findingsOf } from './findings.ts';
import { type Opa, runOpa } from './opa.ts';
import type { PolicyPackage } from './parse.ts';
import { readSources } from './sources.ts';

export { invalid };

/** Policies, compiled and ready to judge. */
export interface PolicySet extends Disposable {
  /** Of the sources. */
  readonly digest: Digest;
  readonly packages: readonly string[];
  readonly detail: readonly PolicyPackage[];
  readonly evaluator: Evaluator;
}
export interface LoadOptions {
  /** Absolute path of the folder with the `.rego` files. */
  readonly dir: string;
  /** Absolute path of the real `opa`. */
  readonly opaPath: string;
  readonly cacheDir: string;
  readonly signal: AbortSignal;
}
export interface JudgeOptions {
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
  /** Packages a runbook adds to the baseline; one that does not exist is a deny. */
  readonly add?: readonly string[];
  readonly onDecision?: (decision: DecisionLog) => void;
  /** Time of the judgement, for the decision log; `input.now` when absent. */
  readonly now?: Date;
}
/** One decision in the shape of OPA's decision logs. It holds the document that was judged, and that never holds a secret. */
export interface DecisionLog {
  readonly labels: { readonly app: 'slipway' };
  readonly decision_id: string;
  /** RFC 3339. */
  readonly timestamp?: string;
  readonly bundles: { readonly policies: { readonly revision: string } };
  readonly path: string;
  readonly input: Json;
  readonly result: Json;
  readonly metrics: { readonly timer_rego_query_eval_ns: number };
}
/** Packages whose name begins so always judge a plan; no runbook can take them away. */
const BASELINE = 'slipway.';

/** Judges requests of people and machines; it knows no plans, and would deny each of them. */
export const ACCESS_PACKAGE = 'slipway.access';

/** @throws {SlipwayError} `POLICY_INVALID` with every mistake in `problems`, `OPA_MISSING`, `OPA_FAILED`, `POLICY_CACHE`. */
export async function loadPolicies({ dir, opaPath, cacheDir, signal }: LoadOptions): Promise<PolicySet> {
  const compiled = await compile({ path: opaPath, signal }, await readSources(dir), cacheDir);
  const evaluator = createEvaluator(compiled);
  return {
    digest: compiled.digest,
    packages: compiled.packages.map(({ name }) => name),
    detail: compiled.packages,
    evaluator,
    [Symbol.dispose]: () => evaluator[Symbol.dispose](),
  };
}

/** Judge a plan. Whatever goes wrong is a deny. */
export async function judge(set: PolicySet, input: Json, options: JudgeOptions): Promise<PlanVerdict> {
  const isOfPlans = (name: string): boolean => name.startsWith(BASELINE) && name !== ACCESS_PACKAGE;
  const wanted = set.packages.filter((name) => isOfPlans(name) || (options.add ?? []).some((added) => isNamed(name, added)));
  const missing = (options.add ?? []).filter((added) => !set.packages.some((name) => isNamed(name, added)));
  const findings = await findingsFor(set, wanted, { input, options });
  const unknown = missing.map((name) =>
    closed('unknownPolicy', `the runbook names the policy "${name}", and there is none`, `there are ${set.packages.join(', ')}`),
  );
  return verdictOf([...findings, ...unknown]);
}

/** `migration` means `slipway.migration` too. */
function isNamed(name: string, asked: string): boolean {
  return name === asked || name === `${BASELINE}${asked}`;
}

/** Ask some packages about any document, for steps. Fails closed like a judgement. */
export async function evaluatePackages(
  set: PolicySet,
  packages: readonly string[],
  { input, options }: { readonly input: Json; readonly options: JudgeOptions },
): Promise<readonly Finding[]> {
  const unknown = packages.filter((asked) => !set.packages.some((name) => isNamed(name, asked)));
  if (unknown.length > 0) return unknown.map((name) => closed('unknownPolicy', `there is no policy "${name}"`, `there are ${set.packages.join(', ')}`));
  return findingsFor(
    set,
    set.packages.filter((name) => packages.some((asked) => isNamed(name, asked))),
    { input, options },
  );
}

async function findingsFor(
  set: PolicySet,
  names: readonly string[],
  { input, options }: { readonly input: Json; readonly options: JudgeOptions },
): Promise<readonly Finding[]> {
  if (names.length === 0) return [closed('noPolicies', 'there are no policies, so nothing may run', 'add .rego files under policies/')];
  const began = process.hrtime.bigint();
  const evaluation = await set.evaluator.evaluate(input, options);
  const findings = findingsOf(
    evaluation,
    set.detail.filter(({ name }) => names.includes(name)),
  );
  const timestamp = options.now?.toISOString() ?? nowIn(input);
  options.onDecision?.({
    labels: { app: 'slipway' },
    decision_id: randomText(26),
    ...(timestamp === undefined ? {} : { timestamp }),
    bundles: { policies: { revision: set.digest } },
    path: 'slipway/decision',
    input,
    result: findings.map((finding) => ({ ...finding })),
    metrics: { timer_rego_query_eval_ns: Number(process.hrtime.bigint() - began) },
  });
  return findings;
}

function nowIn(input: Json): string | undefined {
  const now = isObject(input) ? input['now'] : undefined;
  return typeof now === 'string' ? now : undefined;
}

const ORDER = { deny: 0, soft: 1, warn: 2 } as const;

function verdictOf(findings: readonly Finding[]): PlanVerdict {
  const sorted = [...findings].sort((a, b) => ORDER[a.level] - ORDER[b.level] || (a.id < b.id ? -1 : 1));
  const levels = new Set(sorted.map(({ level }) => level));
  return { decision: levels.has('deny') ? 'deny' : levels.has('soft') ? 'softDeny' : 'allow', findings: sorted };
}

/** Run the tests beside the policies with the real `opa test`. */
export async function testPolicies({
  dir,
  opaPath,
  signal,
}: Pick<LoadOptions, 'dir' | 'opaPath' | 'signal'>): Promise<{ readonly ok: boolean; readonly text: string }> {
  const opa: Opa = { path: opaPath, signal };
  const { exitCode, stdout, stderr } = await runOpa(opa, ['test', '--verbose', dir]);
  const text = [stdout, stderr].join('').trim();
  // opa says nothing and ends well when there is no test at all; that is not a pass.
  return /PASS: \d+\/\d+/.test(text) && exitCode === 0 ? { ok: true, text } : { ok: false, text: text === '' ? `no tests in ${dir}` : text };
}
