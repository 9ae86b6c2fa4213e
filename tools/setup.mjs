import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { withLock } from './setup/lock.mjs';
import { ensureNode } from './setup/node.mjs';
import { installPackages } from './setup/packages.mjs';
import { atLeast, checkPrograms } from './setup/programs.mjs';
import { elapsed, say, SetupError } from './setup/say.mjs';
import { ensureTool, existing } from './setup/tool.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));

/** Tools that only some people need; `npm run setup -- --temporal` has one made too. */
const EXTRA = ['gitea', 'temporal'];

/**
 * Bring this checkout to the point where it runs: npm packages, Node 24, pulumi and opa, and the extras that were asked for. Does nothing
 * where nothing is missing, and goes on where an interruption stopped it.
 *
 * @param extra tools beside these, which only some tests and benches need: `gitea`, `temporal`.
 * @returns the programs to use, absolute.
 * @throws {SetupError} all that people have to mend.
 */
export async function setup({ root = join(HERE, '..'), env = process.env, answerMs, extra = [] } = {}) {
  const since = Date.now();
  const versions = JSON.parse(readFileSync(join(HERE, 'versions.json'), 'utf8'));
  const names = ['pulumi', 'opa', ...extra];
  const tools = names.map((name) => ({ name, tool: versions[name], root, env, answerMs }));
  const missing = await absent(tools);
  await requirePrograms(versions, env);
  if (missing.length > 0) {
    say(`setup: ${missing.join(' and ')} not found on PATH or in the cache. They are downloaded if the official sites answer within 10 s,`);
    say('setup: or else built from source with Go, which takes 2 to 12 minutes on two cores, once for this user');
  }
  const [node, ...made] = await together([nodeWithPackages({ root, env, versions }), ...tools.map((tool) => ensureTool(tool))]);
  say(`setup: ready (${elapsed(since)}): node ${node.version}, ${names.map((name) => `${name} ${versions[name].version}`).join(', ')}`);
  return { node: node.path, ...Object.fromEntries(names.map((name, index) => [name, made[index].path])) };
}

/** The extra tools an argument list asks for: `--temporal`. */
function extraIn(args) {
  const unknown = args.filter((arg) => !EXTRA.includes(arg.replace(/^--/, '')));
  if (unknown.length > 0) throw new SetupError(`setup knows no ${unknown.join(', ')}`, `it takes ${EXTRA.map((name) => `--${name}`).join(', ')}`);
  return args.map((arg) => arg.replace(/^--/, ''));
}

/** A tool that is there already, or undefined; nothing is made. */
export async function toolThatIsThere(name, { root = join(HERE, '..'), env = process.env } = {}) {
  const versions = JSON.parse(readFileSync(join(HERE, 'versions.json'), 'utf8'));
  return (await existing({ name, tool: versions[name], root, env }))?.path;
}

async function absent(tools) {
  const found = await Promise.all(tools.map((tool) => existing(tool)));
  return tools.filter((_, index) => found[index] === undefined).map(({ name, tool }) => `${name} ${tool.version}`);
}

async function requirePrograms(versions, env) {
  const running = process.version.slice(1);
  if (!atLeast(running, '20.0.0')) throw new SetupError(`node ${running} is older than 20`, 'install Node 20 or newer: https://nodejs.org');
  const wrong = (await checkPrograms(versions, env)).filter((program) => !program.ok);
  const fatal = wrong.filter((program) => program.needed);
  for (const program of wrong.filter((other) => !other.needed)) say(`setup: ${program.why} (${program.hint})`);
  if (fatal.length > 0)
    throw new SetupError(fatal.map((program) => program.why).join('; '), fatal.map((program) => `${program.name}: ${program.hint}`).join('\n      '));
}

async function nodeWithPackages({ root, env, versions }) {
  return withLock(join(root, '.slipway', 'setup.lock'), 'packages', async () => {
    await installPackages({ root, env });
    return ensureNode({ root, env, least: versions.node.leastForSources });
  });
}

/** Wait for all, so that one failure does not cut the others short; then fail with everything that went wrong. */
async function together(promises) {
  const results = await Promise.allSettled(promises);
  const failures = results.filter((result) => result.status === 'rejected').map((result) => result.reason);
  const bug = failures.find((failure) => !(failure instanceof SetupError));
  if (bug !== undefined) throw bug;
  if (failures.length > 0)
    throw new SetupError(failures.map((failure) => failure.message).join('\n'), failures.map((failure) => failure.hint).join('\n      '), failures[0]);
  return results.map((result) => result.value);
}

/** Run setup for another tool: says what is wrong and exits when it fails. */
export async function setupOrExit(args = []) {
  try {
    return await setup({ extra: extraIn(args) });
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(`setup: ${error.message}`);
    say(`hint: ${error.hint}`);
    return process.exit(1);
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) await setupOrExit(process.argv.slice(2));
