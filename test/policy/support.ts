import { tmpdir } from 'node:os';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Json } from '../../src/core/index.ts';
import { judge, type JudgeOptions, loadPolicies, type PolicySet } from '../../src/policy/index.ts';
import { toolPath } from '../support/tools.ts';

/** The real opa. */
export const OPA = await toolPath('opa');
export const SHIPPED = join(import.meta.dirname, '..', '..', 'policies');
/** Long enough for a cold worker on a busy machine. */
export const DEADLINE_MS = 30_000;

/** A folder that goes away after the test. */
export async function folder(context: TestContext): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'slipway-policy-'));
  context.after(() => rm(made, { recursive: true, force: true }));
  return made;
}

/** A folder of policies with these files. */
export async function policiesOf(context: TestContext, files: { readonly [name: string]: string }): Promise<string> {
  const dir = join(await folder(context), 'policies');
  await mkdir(dir);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, name)), { recursive: true });
    await writeFile(join(dir, name), text);
  }
  return dir;
}

export async function load(context: TestContext, dir: string, differences: { readonly opaPath?: string; readonly cacheDir?: string } = {}): Promise<PolicySet> {
  const cacheDir = differences.cacheDir ?? (await folder(context));
  const set = await loadPolicies({ dir, opaPath: OPA, cacheDir, signal: AbortSignal.timeout(120_000), ...differences });
  context.after(() => set[Symbol.dispose]());
  return set;
}

export async function verdict(set: PolicySet, input: Json, options: Partial<JudgeOptions> = {}) {
  return judge(set, input, { deadlineMs: DEADLINE_MS, signal: new AbortController().signal, ...options });
}

/** Judge with one policy in a file of its own. */
export async function judgedBy(context: TestContext, rego: string, input: Json = {}) {
  return verdict(await load(context, await policiesOf(context, { 'a.rego': rego })), input);
}
