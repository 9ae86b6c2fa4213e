import { join } from 'node:path';
import { z } from 'zod';
import type { Problem } from '../core/index.ts';
import { type Opa, runOpa } from './opa.ts';
import type { Sources } from './sources.ts';

/** Rules that are looked at, conftest's words; a suffix gives a rule a name of its own: `deny_public`. */
const RULE = /^(deny|violation|warn|exception)(_[a-z0-9_]+)?$/;
const Term = z.looseObject({ value: z.unknown() });
const Module = z.looseObject({
  package: z.looseObject({ path: z.array(Term) }),
  rules: z.array(z.looseObject({ head: z.looseObject({ ref: z.array(Term).optional(), name: z.string().optional() }) })).optional(),
});
const OpaErrors = z.looseObject({
  errors: z.array(
    z.looseObject({
      message: z.string(),
      code: z.string().optional(),
      location: z.looseObject({ file: z.string(), row: z.number(), col: z.number() }).optional(),
    }),
  ),
});

/** A package with the rules of ours that it has. */
export interface PolicyPackage {
  readonly name: string;
  readonly rules: readonly string[];
}

/** Parse and check every file; every mistake at once, with file, line and column. */
export async function checkSources(opa: Opa, sources: Sources, capabilitiesFile: string): Promise<readonly Problem[]> {
  const files = [...sources.rego, ...sources.data].map((name) => join(sources.dir, name));
  const { exitCode, stdout, stderr } = await runOpa(opa, ['check', '--strict', '--format', 'json', '--capabilities', capabilitiesFile, ...files]);
  if (exitCode === 0) return [];
  const parsed = OpaErrors.safeParse(jsonIn(stderr) ?? jsonIn(stdout));
  if (!parsed.success || parsed.data.errors.length === 0) return [problem('POLICY_INVALID', { file: sources.dir, row: 1, col: 1 }, (stderr || stdout).trim())];
  return parsed.data.errors.map(({ message, code, location }) => problem(codeOf(code, message), location ?? { file: sources.dir, row: 1, col: 1 }, message));
}

function codeOf(code: string | undefined, message: string): string {
  if (/undefined function/.test(message)) return 'POLICY_UNKNOWN_BUILTIN';
  return code === 'rego_parse_error' ? 'POLICY_SYNTAX' : 'POLICY_INVALID';
}

function problem(code: string, { file, row, col }: { readonly file: string; readonly row: number; readonly col: number }, message: string): Problem {
  return { code, severity: 'error', file, line: row, column: col, path: '', message: message.split('\n')[0] ?? message, hint: hintOf(code) };
}

function hintOf(code: string): string {
  if (code === 'POLICY_UNKNOWN_BUILTIN')
    return 'policies run as WebAssembly without network or clock; use input.now for the time, and the builtins that docs/policies.md lists';
  if (code === 'POLICY_SYNTAX') return 'policies are Rego v1: "deny contains msg if { … }"';
  return 'see docs/policies.md';
}

/** The packages of a folder that have rules of ours, sorted. */
export async function packagesOf(opa: Opa, { dir, rego }: Sources): Promise<readonly PolicyPackage[]> {
  const packages = new Map<string, Set<string>>();
  for (const name of rego) {
    const { stdout } = await runOpa(opa, ['parse', '--format', 'json', join(dir, name)]);
    const parsed = Module.parse(JSON.parse(stdout));
    const path = parsed.package.path.slice(1).map(({ value }) => String(value));
    const rules = (parsed.rules ?? []).map(({ head }) => head.name ?? nameIn(head.ref?.[0]?.value)).filter((rule) => RULE.test(rule));
    const known = packages.get(path.join('.')) ?? new Set<string>();
    if (rules.length > 0) packages.set(path.join('.'), new Set([...known, ...rules]));
  }
  return [...packages].map(([name, rules]) => ({ name, rules: [...rules].sort() })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function nameIn(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
