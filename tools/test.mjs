// Everything that must hold, in one command: set up, lint, format, types, policies, tests. The summary of the tests comes last.
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { runHere, runQuietly } from './setup/child.mjs';
import { elapsed, say } from './setup/say.mjs';
import { setupOrExit } from './setup.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const tools = await setupOrExit();
const env = { ...process.env, PATH: [dirname(tools.node), join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter) };
const bin = (name) => join(root, 'node_modules', '.bin', name);

/** Test files that take longer than a minute. */
const LONG = ['scenario/flagship-fail.test.ts', 'scenario/flagship-crash.test.ts', 'scenario/runbooks.test.ts', 'chaos/chaos.test.ts', 'cli/pack.test.ts'];
const checks = [
  ['lint', bin('oxlint'), []],
  ['format', bin('prettier'), ['--check', '--log-level=warn', '.']],
  ['types', bin('tsc'), ['-p', '.']],
  ['policies', tools.opa, ['test', 'policies']],
];
const failed = [];
for (const [name, file, args] of checks) {
  const since = Date.now();
  const lines = [];
  const { code } = await runQuietly(file, args, { cwd: root, env, onLine: (line) => lines.push(line) });
  say(`check: ${name} ${code === 0 ? 'ok' : 'FAILED'} (${elapsed(since)})`);
  if (code !== 0) {
    failed.push(name);
    say(lines.map((line) => `  | ${line}`).join('\n'));
  }
}
if (failed.length > 0) say(`check: ${failed.join(', ')} failed; the tests run all the same, and the exit code says that something failed`);

const wanted = process.argv.slice(2);
const files = wanted.length > 0 ? wanted : testFiles();
const concurrency = Math.max(2, availableParallelism());
const limit = pathToFileURL(join(root, 'tools', 'test-limit.mjs')).href;
const flags = ['--test', '--test-reporter=spec', `--test-concurrency=${concurrency}`, '--test-timeout=300000', `--import=${limit}`];
const code = await runHere(tools.node, [...flags, ...files], { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] });
process.exitCode = code !== 0 ? code : failed.length > 0 ? 1 : 0;

/** All of test/, also in folders: the shell's own patterns differ from machine to machine. Those that take minutes come first, so that none is left alone at the end. */
function testFiles() {
  const names = readdirSync(join(root, 'test'), { recursive: true })
    .filter((name) => name.endsWith('.test.ts'))
    .sort();
  const isLong = (name) => LONG.includes(name.replaceAll('\\', '/'));
  return [...names.filter(isLong), ...names.filter((name) => !isLong(name))].map((name) => join('test', name));
}
