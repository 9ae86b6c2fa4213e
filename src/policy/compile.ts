import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type Digest, digestOf, digestOfBytes, EXIT, type Json, type Problem, SlipwayError } from '../core/index.ts';
import { capabilities, sdkCapabilities } from './capabilities.ts';
import { type Opa, runOpa } from './opa.ts';
import { buildProblem, checkSources, clashes, type Copied, packagesOf, type PolicyPackage } from './parse.ts';
import { type Sources, writeSources } from './sources.ts';
import { readTarGz } from './tar.ts';

/** Compiled policies. */
export interface Compiled {
  readonly digest: Digest;
  readonly packages: readonly PolicyPackage[];
  readonly wasm: Uint8Array;
  /** Text of the data document. */
  readonly data: string;
}
const Stored = z.strictObject({ packages: z.array(z.strictObject({ name: z.string(), rules: z.array(z.string()).min(1) })), bundle: z.string() });
type Stored = z.output<typeof Stored>;
/** Raised when what is compiled changes its form, so that older caches are not used. */
const FORMAT = 2;
export const ENTRYPOINT = 'slipway_entry/decision';

/**
 * Compile a folder of policies to WebAssembly, or take what was compiled from the same sources.
 *
 * @throws {SlipwayError} `POLICY_INVALID` with `problems`, `OPA_MISSING`, `OPA_FAILED`.
 */
export async function compile(opa: Opa, sources: Sources, cacheDir: string): Promise<Compiled> {
  const key = digestOf({ format: FORMAT, sources: sources.digest, opa: await identityOf(opa.path) }).slice('sha256:'.length);
  const place = join(cacheDir, key);
  const earlier = await readCache(place, sources.digest);
  if (earlier) return earlier;
  await mkdir(cacheDir, { recursive: true, mode: 0o700 });
  const draft = await mkdtemp(join(cacheDir, 'draft-'));
  try {
    await build(opa, sources, { draft, allowed: await capabilities(opa) });
    await rename(draft, place).catch(() => undefined); // somebody was faster, or a damaged entry is in the way
    const made = (await readCache(place, sources.digest)) ?? (await replaceCache(draft, place, sources.digest));
    if (made) return made;
    throw new SlipwayError('POLICY_CACHE', `compiled policies could not be kept in ${cacheDir}`, { hint: 'check its permissions and free space' });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** Which opa this is, without running it: another binary, or another SDK, compiles anew. */
async function identityOf(path: string): Promise<Json> {
  const sdk = digestOfBytes(await readFile(sdkCapabilities()));
  try {
    const { size, mtimeMs } = await stat(path);
    return { size, mtimeMs, sdk };
  } catch (cause) {
    throw new SlipwayError('OPA_MISSING', `there is no opa at ${path}`, { cause, hint: 'run "slipway doctor"', exitCode: EXIT.usage });
  }
}

async function replaceCache(draft: string, place: string, digest: Digest): Promise<Compiled | undefined> {
  await rm(place, { recursive: true, force: true });
  await rename(draft, place);
  return readCache(place, digest);
}

async function build(opa: Opa, sources: Sources, { draft, allowed }: { readonly draft: string; readonly allowed: string }): Promise<void> {
  const caps = join(draft, 'capabilities.json');
  const copied: Copied = { sources, folder: join(draft, 'sources') };
  await writeFile(caps, allowed);
  await writeSources(sources, copied.folder);
  const problems = await checkSources(opa, copied, caps);
  if (problems.length > 0) throw invalid(problems);
  const { packages, defined, problems: shapes } = await packagesOf(opa, copied);
  if (shapes.length > 0) throw invalid(shapes);
  if (packages.length > 0) await buildBundle(opa, copied, { draft, caps, packages });
  const clash = packages.length > 0 ? clashes(JSON.parse(dataIn(readTarGz(await readFile(join(draft, 'bundle.tar.gz'))))) as Json, defined) : []; // made by opa
  if (clash.length > 0) throw invalid(clash);
  const bundle = packages.length > 0 ? digestOfBytes(await readFile(join(draft, 'bundle.tar.gz'))) : digestOfBytes('');
  const stored: Stored = { packages: packages.map(({ name, rules }) => ({ name, rules: [...rules] })), bundle };
  await rm(copied.folder, { recursive: true });
  await writeFile(join(draft, 'stored.json'), JSON.stringify(stored));
}

async function buildBundle(
  opa: Opa,
  copied: Copied,
  { draft, caps, packages }: { readonly draft: string; readonly caps: string; readonly packages: readonly PolicyPackage[] },
): Promise<void> {
  const entry = join(draft, 'entry.rego');
  const bundle = join(draft, 'bundle.tar.gz');
  await writeFile(entry, entryModule(packages));
  const options = ['--target', 'wasm', '--entrypoint', ENTRYPOINT, '--capabilities', caps, '--output', bundle];
  const { exitCode, stdout, stderr } = await runOpa(opa, ['build', ...options, entry, copied.folder]);
  if (exitCode !== 0) throw invalid([buildProblem((stderr || stdout).trim(), copied)]);
}

/** One set that gathers every rule of ours, so that a judgement is one evaluation. A rule without a value is missing from it. */
function entryModule(packages: readonly PolicyPackage[]): string {
  const path = (name: string): string =>
    name
      .split('.')
      .map((part) => `[${JSON.stringify(part)}]`)
      .join('');
  const lines = packages.flatMap(({ name, rules }) =>
    rules.map(
      (rule) =>
        `decision contains {"package": ${JSON.stringify(name)}, "rule": ${JSON.stringify(rule)}, "findings": found} if found := data${path(name)}.${rule}\n`,
    ),
  );
  return `package slipway_entry\n\n${lines.join('\n')}`;
}

/** What is in the cache, when it is whole. A damaged entry counts as none. */
async function readCache(place: string, digest: Digest): Promise<Compiled | undefined> {
  try {
    const stored = Stored.parse(JSON.parse(await readFile(join(place, 'stored.json'), 'utf8')));
    if (stored.packages.length === 0) return { digest, packages: [], wasm: new Uint8Array(), data: '{}' };
    const bytes = await readFile(join(place, 'bundle.tar.gz'));
    if (digestOfBytes(bytes) !== stored.bundle) return undefined;
    const files = readTarGz(bytes);
    const wasm = files.get('policy.wasm');
    if (!wasm) return undefined;
    return { digest, packages: stored.packages, wasm, data: dataIn(files) };
  } catch {
    return undefined;
  }
}

function dataIn(files: ReadonlyMap<string, Uint8Array>): string {
  return Buffer.from(files.get('data.json') ?? Buffer.from('{}')).toString('utf8');
}

/** Problems as an error that carries them. */
export function invalid(problems: readonly Problem[]): SlipwayError {
  const first = problems[0];
  return new SlipwayError(
    'POLICY_INVALID',
    `${problems.length} ${problems.length === 1 ? 'mistake' : 'mistakes'} in the policies; ${first?.file ?? ''}:${first?.line ?? 1}: ${first?.message ?? ''}`,
    {
      hint: first?.hint ?? 'see docs/policies.md',
      exitCode: EXIT.usage,
      problems,
    },
  );
}
