// The tests that need a Temporal server: they start one of their own on loopback. With --if-there, only where its program is there already; with --sample, a
// minute or two of them; with --kills N, only kill -9 of workers and of the server, N times each, and how long it takes until runs go on.
import { readdirSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runHere } from './setup/child.mjs';
import { say } from './setup/say.mjs';
import { setupOrExit, toolThatIsThere } from './setup.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const args = process.argv.slice(2);
const kills = killsIn(args);
const wanted = args.filter((arg) => !arg.startsWith('--'));
const OWN = ['--if-there', '--sample'];
const flags = args.filter((arg) => arg.startsWith('--') && !OWN.includes(arg));
const isSample = args.includes('--sample');
const TAKEOVER = join('test', 'temporal', 'takeover.suite.ts');

if (args.includes('--if-there') && (await toolThatIsThere('temporal')) === undefined) {
  say('test:temporal: left out, because the temporal program is neither on PATH nor in the cache; "npm run test:temporal" makes it and runs them');
} else {
  const tools = await setupOrExit(['--temporal']);
  const env = {
    ...process.env,
    PATH: [dirname(tools.node), join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter),
    SLIPWAY_TEMPORAL: tools.temporal,
    SLIPWAY_CONFORMANCE: isSample ? 'sample' : 'all',
    ...(kills === undefined ? {} : { SLIPWAY_TRIALS: String(kills) }),
  };
  const suites = readdirSync(join(root, 'test', 'temporal')).filter((name) => name.endsWith('.suite.ts'));
  const all = [...suites.sort().map((name) => join('test', 'temporal', name)), join('test', 'engine', 'conformance', 'conformance.test.ts')];
  const files = wanted.length > 0 ? wanted : kills !== undefined ? [TAKEOVER] : isSample ? [join('test', 'temporal', 'conformance.suite.ts')] : all;
  // One file after the other: each has a server and workers of its own, and measures how fast they come back.
  const common = ['--test', '--test-reporter=spec', '--test-concurrency=1', `--test-timeout=${600_000 + (kills ?? 0) * 60_000}`];
  process.exitCode = await runHere(tools.node, [...common, ...flags, ...files], { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] });
}

/** Takes `--kills N` out of the arguments. */
function killsIn(all) {
  const at = all.indexOf('--kills');
  if (at < 0) return undefined;
  const [, text = ''] = all.splice(at, 2);
  const count = Number(text);
  if (Number.isInteger(count) && count > 0 && count <= 1_000) return count;
  say(`test:temporal: --kills takes how often, from 1 to 1000, and not "${text}"`);
  process.exit(2);
}
