import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, digestOf, digestOfBytes, type Problem, SlipwayError } from '../core/index.ts';
import { capabilities } from './capabilities.ts';
import { type Opa, runOpa } from './opa.ts';
import { checkSources, packagesOf, type PolicyPackage } from './parse.ts';
import type { Sources } from './sources.ts';
import { readTarGz } from './tar.ts';

/** Compiled policies. */
export interface Compiled {
  readonly digest: Digest;
  readonly packages: readonly PolicyPackage[];
  readonly wasm: Uint8Array;
  /** Text of the data document. */
  readonly data: string;
}
interface Stored {
  readonly packages: readonly PolicyPackage[];
  readonly bundle: Digest;
}
/** Raised when what is compiled changes its form, so that older caches are not used. */
const FORMAT = 1;
export const ENTRYPOINT = 'slipway_entry/decision';

/**
 * Compile a folder of policies to WebAssembly, or take what was compiled from the same sources.
 *
 * @throws {SlipwayError} `POLICY_INVALID` with `problems`, `OPA_MISSING`, `OPA_FAILED`.
 */
export async function compile(opa: Opa, sources: Sources, cacheDir: string): Promise<Compiled> {
  const allowed = await capabilities(opa);
  const key = digestOf({ format: FORMAT, sources: sources.digest, allowed: digestOfBytes(allowed) }).slice('sha256:'.length);
  const place = join(cacheDir, key);
  const earlier = await readCache(place, sources.digest);
  if (earlier) return earlier;
  await mkdir(cacheDir, { recursive: true, mode: 0o700 });
  const draft = await mkdtemp(join(cacheDir, 'draft-'));
  try {
    await build(opa, sources, { draft, allowed });
    await rename(draft, place).catch(() => undefined); // somebody was faster, or a damaged entry is in the way
    const made = (await readCache(place, sources.digest)) ?? (await replaceCache(draft, place, sources.digest));
    if (made) return made;
    throw new SlipwayError('POLICY_CACHE', `compiled policies could not be kept in ${cacheDir}`, { hint: 'check its permissions and free space' });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function replaceCache(draft: string, place: string, digest: Digest): Promise<Compiled | undefined> {
  await rm(place, { recursive: true, force: true });
  await rename(draft, place);
  return readCache(place, digest);
}

async function build(opa: Opa, sources: Sources, { draft, allowed }: { readonly draft: string; readonly allowed: string }): Promise<void> {
  const caps = join(draft, 'capabilities.json');
  await writeFile(caps, allowed);
  const problems = await checkSources(opa, sources, caps);
  if (problems.length > 0) throw invalid(problems);
  const packages = await packagesOf(opa, sources);
  if (packages.length > 0) await buildBundle(opa, sources, { draft, caps, packages });
  const bundle = packages.length > 0 ? digestOfBytes(await readFile(join(draft, 'bundle.tar.gz'))) : digestOfBytes('');
  const stored: Stored = { packages, bundle };
  await writeFile(join(draft, 'stored.json'), JSON.stringify(stored));
}

async function buildBundle(
  opa: Opa,
  { dir, rego, data }: Sources,
  { draft, caps, packages }: { readonly draft: string; readonly caps: string; readonly packages: readonly PolicyPackage[] },
): Promise<void> {
  const entry = join(draft, 'entry.rego');
  await writeFile(entry, entryModule(packages));
  const files = [...rego, ...data].map((name) => join(dir, name));
  const { exitCode, stdout, stderr } = await runOpa(opa, [
    'build',
    '--target',
    'wasm',
    '--entrypoint',
    ENTRYPOINT,
    '--capabilities',
    caps,
    '--output',
    join(draft, 'bundle.tar.gz'),
    entry,
    ...files,
  ]);
  if (exitCode !== 0) {
    const message = (stderr || stdout).trim();
    throw invalid([{ code: 'POLICY_BUILD', severity: 'error', file: dir, line: 1, column: 1, path: '', message, hint: 'see docs/policies.md' }]);
  }
}

/** One rule that gathers every rule of ours, so that a judgement is one evaluation. */
function entryModule(packages: readonly PolicyPackage[]): string {
  const ref = (name: string): string =>
    `data${name
      .split('.')
      .map((part) => `[${JSON.stringify(part)}]`)
      .join('')}`;
  const lines = packages.map(
    ({ name, rules }) => `  ${JSON.stringify(name)}: {${rules.map((rule) => `${JSON.stringify(rule)}: ${ref(name)}.${rule}`).join(', ')}},`,
  );
  return `package slipway_entry\n\ndecision := {\n${lines.join('\n')}\n}\n`;
}

/** What is in the cache, when it is whole. A damaged entry counts as none. */
async function readCache(place: string, digest: Digest): Promise<Compiled | undefined> {
  try {
    const stored = JSON.parse(await readFile(join(place, 'stored.json'), 'utf8')) as Stored; // our own file; its bundle is checked below
    if (stored.packages.length === 0) return { digest, packages: [], wasm: new Uint8Array(), data: '{}' };
    const bytes = await readFile(join(place, 'bundle.tar.gz'));
    if (digestOfBytes(bytes) !== stored.bundle) return undefined;
    const files = readTarGz(bytes);
    const wasm = files.get('policy.wasm');
    if (!wasm) return undefined;
    return { digest, packages: stored.packages, wasm, data: Buffer.from(files.get('data.json') ?? Buffer.from('{}')).toString('utf8') };
  } catch {
    return undefined;
  }
}

/** Problems as an error that carries them. */
export function invalid(problems: readonly Problem[]): SlipwayError & { readonly problems: readonly Problem[] } {
  const first = problems[0];
  const error = new SlipwayError(
    'POLICY_INVALID',
    `${problems.length} ${problems.length === 1 ? 'mistake' : 'mistakes'} in the policies; ${first?.file ?? ''}:${first?.line ?? 1}: ${first?.message ?? ''}`,
    {
      hint: first?.hint ?? 'see docs/policies.md',
      exitCode: 2,
    },
  );
  return Object.assign(error, { problems });
}
