import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from './build.mjs';
import { runQuietly } from './child.mjs';
import { addresses, download, NotAvailable } from './download.mjs';
import { withLock } from './lock.mjs';
import { cacheDir } from './log.mjs';
import { onPath, versionIn } from './programs.mjs';
import { elapsed, say, SetupError } from './say.mjs';

/**
 * Make sure a tool of exactly that version is there: on PATH, in the user's cache, downloaded, or built. Everything is
 * made in a temporary folder and renamed into place once it has told its version, so that an interruption leaves nothing half done.
 */
export async function ensureTool(options) {
  return (await existing(options)) ?? (await make(options));
}

/** A tool that is there already; undefined when it has to be made. */
export async function existing({ name, tool, env }) {
  const candidate = onPath(name, env);
  if (candidate !== undefined && (await versionOf(candidate, { tool, env })) === tool.version) return { path: candidate, from: 'PATH' };
  const { folder, program } = places(name, tool, env);
  if (!existsSync(program)) return undefined;
  if (isKnown(folder, program, tool)) return { path: program, from: 'cache' };
  if ((await versionOf(program, { tool, env })) !== tool.version) return undefined;
  remember(folder, program, tool);
  return { path: program, from: 'cache' };
}

async function make(options) {
  const { name, tool, env } = options;
  const { tools, folder, program } = places(name, tool, env);
  return withLock(join(tools, `${name}.lock`), name, async () => {
    const already = await existing(options); // another setup may have made it while we waited
    if (already !== undefined) return already;
    const temporary = clearTemporary(tools, name);
    const since = Date.now();
    try {
      const from = await fill(temporary, options);
      await mustBe(join(temporary, name), options);
      rmSync(folder, { recursive: true, force: true });
      renameSync(temporary, folder);
      remember(folder, program, tool);
      say(`${name}: ${tool.version} is ready, ${from} (${elapsed(since)})`);
      return { path: program, from };
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
  });
}

/** Under the lock nobody else has one, so whatever is there was left by an interruption. */
function clearTemporary(tools, name) {
  const prefix = `.new-${name}-`;
  for (const left of readdirSync(tools).filter((entry) => entry.startsWith(prefix))) rmSync(join(tools, left), { recursive: true, force: true });
  return mkdtempSync(join(tools, prefix));
}

async function fill(folder, options) {
  const { name, tool, env, root } = options;
  try {
    await fetchRelease(folder, options);
    return 'downloaded';
  } catch (error) {
    if (!(error instanceof NotAvailable)) throw error;
    say(`${name}: cannot be downloaded (${error.message}); building ${tool.version} from source instead, 2 to 12 minutes`);
  }
  if (onPath('go', env) === undefined)
    throw new SetupError(`${name}: neither a download nor Go to build it`, `install Go (https://go.dev/dl), or put ${name} ${tool.version} on PATH`);
  await build({ name, tool, root, env, target: join(folder, name) });
  return 'built';
}

async function fetchRelease(folder, { name, tool, env, answerMs }) {
  const urls = addresses(tool, env);
  const file = join(folder, basename(urls.archive));
  say(`${name}: asking ${new URL(urls.archive).host} for ${tool.version}`);
  await download({ name, urls, target: file, ...(answerMs === undefined ? {} : { answerMs }) });
  if (file.endsWith('.tar.gz')) {
    // Most releases hold one folder with the program and what belongs to it.
    const { code } = await runQuietly('tar', ['-xzf', file, '-C', folder, `--strip-components=${tool.foldersInArchive ?? 1}`], { env });
    if (code !== 0)
      throw new SetupError(
        `${name}: tar cannot unpack ${basename(file)} (exit code ${code})`,
        'check that tar and gzip are installed and that the disk is not full',
      );
    rmSync(file);
  } else {
    renameSync(file, join(folder, name));
  }
  chmodSync(join(folder, name), 0o755);
}

async function mustBe(program, { name, tool, env }) {
  const version = await versionOf(program, { tool, env });
  if (version === tool.version) return;
  throw new SetupError(
    `${name}: got ${version ?? 'a program that does not say its version'}, but ${tool.version} is needed`,
    'tools/versions.json and tools/*/go.mod must name the same version',
  );
}

async function versionOf(program, { tool, env }) {
  const { stdout } = await runQuietly(program, [tool.versionArgument ?? 'version'], { env: { ...env, PULUMI_SKIP_UPDATE_CHECK: 'true' }, timeoutMs: 20_000 });
  return versionIn(stdout.split('\n')[0]);
}

function places(name, tool, env) {
  const tools = join(cacheDir(env), 'tools');
  mkdirSync(tools, { recursive: true });
  const folder = join(tools, `${name}-${tool.version}`);
  return { tools, folder, program: join(folder, name) };
}

/** Asking a program for its version takes a fifth of a second; one that has not changed since need not be asked again. */
function isKnown(folder, program, tool) {
  try {
    const { version, size, mtimeMs } = JSON.parse(readFileSync(join(folder, '.checked.json'), 'utf8'));
    const now = statSync(program);
    return version === tool.version && size === now.size && mtimeMs === now.mtimeMs;
  } catch {
    return false;
  }
}

function remember(folder, program, tool) {
  const { size, mtimeMs } = statSync(program);
  writeFileSync(join(folder, '.checked.json'), JSON.stringify({ version: tool.version, size, mtimeMs }));
}
