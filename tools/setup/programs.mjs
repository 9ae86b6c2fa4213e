import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { runQuietly } from './child.mjs';

const WHERE = {
  npm: 'it comes with Node.js: https://nodejs.org',
  git: 'install it with your system\'s packages, for example "apt-get install git"',
  go: 'needed only to build pulumi, opa and temporal where they cannot be downloaded: https://go.dev/dl',
  cc: 'not needed to run Slipway; some npm packages use it for optional speed: "apt-get install build-essential"',
};

/** True when version `a` (dotted numbers) is `b` or newer. */
export function atLeast(a, b) {
  const [left, right] = [a, b].map((text) => text.split('.').map((part) => Number.parseInt(part, 10) || 0));
  for (let index = 0; index < 3; index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/** First version number in what a program says about itself. */
export function versionIn(text) {
  return /(\d+\.\d+(?:\.\d+)?(?:-[0-9A-Za-z.-]+)?)/.exec(text)?.[1];
}

/** First program of that name on PATH. */
export function onPath(name, env) {
  return (env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder || '.', name))
    .find((path) => existsSync(path));
}

/** What is wrong with the programs setup itself needs; `needed` ones are errors, others are worth a line. */
export async function checkPrograms(versions, env) {
  const found = await Promise.all([
    check('npm', ['--version'], versions.npm.least, env),
    check('git', ['--version'], versions.git.least, env),
    check('go', ['env', 'GOVERSION'], versions.go.least, env),
    Promise.resolve({ name: 'cc', ok: onPath('cc', env) !== undefined, why: 'cc is not on PATH' }),
  ]);
  return found.map((program) => ({ ...program, hint: WHERE[program.name], needed: program.name === 'npm' || program.name === 'git' }));
}

async function check(name, args, least, env) {
  const path = onPath(name, env);
  if (path === undefined) return { name, ok: false, why: `${name} is not on PATH` };
  // npm takes half a second to say its version, and whoever started us with npm has told it already.
  const told = name === 'npm' ? /npm\/(\S+)/.exec(env.npm_config_user_agent ?? '')?.[1] : undefined;
  const version = told ?? versionIn((await runQuietly(path, args, { env, timeoutMs: 20_000 })).stdout);
  if (version === undefined) return { name, ok: false, why: `${path} does not say its version` };
  return atLeast(version, least) ? { name, ok: true, version } : { name, ok: false, version, why: `${name} ${version} is older than ${least}` };
}
