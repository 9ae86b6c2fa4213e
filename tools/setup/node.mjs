import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runQuietly } from './child.mjs';
import { logFile } from './log.mjs';
import { atLeast, versionIn } from './programs.mjs';
import { say, SetupError, ticker } from './say.mjs';

/** Where the npm package `node` puts its program. */
export function bundledNode(root) {
  return join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
}

/**
 * Make sure the Node of the npm package `node` is there and runs. npm may have been told not to run install scripts; then
 * the package has no program yet, and its own installer is run, or else the package for this platform is fetched.
 */
export async function ensureNode({ root, env, least, npm = 'npm' }) {
  const path = bundledNode(root);
  const first = await nodeVersion(path, env);
  if (first !== undefined && atLeast(first, least)) return { path, version: first };
  say(`node: the package "node" has no working program yet; fetching it`);
  const log = logFile(env, 'node');
  const progress = ticker('node', () => 'npm is fetching it');
  try {
    for (const repair of [runOwnInstaller, fetchPlatformPackage]) {
      await repair({ root, env, npm, log });
      const version = await nodeVersion(path, env);
      if (version !== undefined && atLeast(version, least)) return { path, version };
    }
  } finally {
    progress.stop();
    log.close();
  }
  throw new SetupError(
    `node ${least} or newer cannot be installed from npm\n${log.tail()}`,
    `the whole output is in ${log.path}; "npm rebuild node" does the same by hand`,
  );
}

async function nodeVersion(path, env) {
  if (!existsSync(path)) return undefined;
  return versionIn((await runQuietly(path, ['--version'], { env, timeoutMs: 20_000 })).stdout);
}

async function runOwnInstaller({ root, env, log }) {
  const folder = join(root, 'node_modules', 'node');
  if (!existsSync(join(folder, 'installArchSpecificPackage.js'))) return;
  await runQuietly(process.execPath, ['installArchSpecificPackage.js'], { cwd: folder, env, onLine: log.line });
}

async function fetchPlatformPackage({ root, env, npm, log }) {
  const manifest = join(root, 'node_modules', 'node', 'package.json');
  if (!existsSync(manifest)) return;
  const version = JSON.parse(readFileSync(manifest, 'utf8')).version;
  const prefix = process.platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node';
  const name = `${prefix}-${process.platform}-${process.arch}`;
  const temporary = mkdtempSync(join(root, 'node_modules', '.slipway-node-'));
  try {
    await runQuietly(npm, ['install', '--prefix', temporary, '--no-save', '--no-audit', '--no-fund', '--ignore-scripts', `${name}@${version}`], {
      cwd: temporary,
      env,
      onLine: log.line,
    });
    const program = join(temporary, 'node_modules', name, 'bin', 'node');
    if (!existsSync(program)) return;
    mkdirSync(join(root, 'node_modules', 'node', 'bin'), { recursive: true });
    copyFileSync(program, `${bundledNode(root)}.new`);
    renameSync(`${bundledNode(root)}.new`, bundledNode(root));
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
