import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runQuietly } from './child.mjs';
import { logFile } from './log.mjs';
import { elapsed, say, SetupError, ticker } from './say.mjs';

/** Install the npm packages when node_modules is not what package-lock.json says. */
export async function installPackages({ root, env, npm = 'npm' }) {
  const stamp = join(root, 'node_modules', '.slipway-stamp');
  const wanted = fingerprint(root);
  if (read(stamp) === wanted) return;
  if (!matchesLock(root)) await install({ root, env, npm });
  writeFileSync(`${stamp}.${process.pid}`, fingerprint(root));
  renameSync(`${stamp}.${process.pid}`, stamp);
}

/** Of everything that decides what belongs into node_modules. */
function fingerprint(root) {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`);
  for (const name of ['package.json', 'package-lock.json']) hash.update(read(join(root, name)) ?? 'none');
  return hash.digest('hex');
}

/** npm writes down what it installed as its last act; somebody who installed by hand must not pay twice. */
function matchesLock(root) {
  const lock = parse(read(join(root, 'package-lock.json')));
  const installed = parse(read(join(root, 'node_modules', '.package-lock.json')));
  if (lock === undefined || installed === undefined || !sameWishes(root, lock)) return false;
  return Object.entries(lock).every(([path, entry]) => {
    const there = installed[path];
    if (path === '' || (there === undefined && entry.optional === true)) return true;
    return there !== undefined && there.version === entry.version && there.integrity === entry.integrity && existsSync(join(root, path, 'package.json'));
  });
}

function sameWishes(root, lock) {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return ['dependencies', 'devDependencies'].every((kind) => {
    const wanted = Object.entries(manifest[kind] ?? {});
    const locked = lock['']?.[kind] ?? {};
    return wanted.length === Object.keys(locked).length && wanted.every(([name, range]) => locked[name] === range);
  });
}

async function install({ root, env, npm }) {
  if (!existsSync(join(root, 'package-lock.json'))) return run({ root, env, npm }, ['install']);
  try {
    await run({ root, env, npm }, ['ci']);
  } catch (error) {
    if (error.wantsOtherPlatforms !== true || !sameWishes(root, parse(read(join(root, 'package-lock.json'))) ?? {})) throw error;
    // npm ci also refuses a lock that lacks packages of other platforms, which not every registry has.
    say('packages: npm ci wants packages of other platforms that the registry does not have; npm install takes the locked versions without them');
    await run({ root, env, npm }, ['install', '--no-save']);
    if (!matchesLock(root))
      throw new SetupError('npm install put in other versions than package-lock.json says', 'remove node_modules and run the setup again');
  }
}

async function run({ root, env, npm }, command) {
  const args = [...command, '--no-audit', '--no-fund'];
  say(`packages: npm ${args[0]}, about a minute`);
  mkdirSync(join(root, 'node_modules'), { recursive: true });
  rmSync(join(root, 'node_modules', '.slipway-stamp'), { force: true });
  const log = logFile(env, 'npm');
  const progress = ticker('packages', () => `npm ${args[0]} is working`);
  let sawMismatch = false;
  const onLine = (line) => {
    sawMismatch ||= /package-lock\.json .*in sync/.test(line);
    log.line(line);
  };
  try {
    const { code } = await runQuietly(npm, args, { cwd: root, env: { ...env, npm_config_loglevel: 'http' }, onLine });
    if (code !== 0) {
      const error = new SetupError(`npm ${args[0]} failed with exit code ${code}\n${log.tail()}`, `the whole output is in ${log.path}`);
      throw Object.assign(error, { wantsOtherPlatforms: sawMismatch });
    }
    say(`packages: installed (${elapsed(progress.since)})`);
  } finally {
    progress.stop();
    log.close();
  }
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function parse(text) {
  try {
    return JSON.parse(text ?? '').packages;
  } catch {
    return undefined;
  }
}
