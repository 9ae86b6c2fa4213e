import { appendFileSync } from 'node:fs';
import { type CliIo, runCli } from '../../src/cli/index.ts';
import { processDeps } from '../../src/process.ts';

// Slipway as it is, but for this: at one boundary of its journal it is killed, as by `kill -9`. The arguments are the file
// that gets the name of every boundary, the boundary to die at (its number from 1; or its name, with `#3` for the third of
// that name), and then those of the command line.
const [trail = '', at = '', ...argv] = process.argv.slice(2);
const [name = '', nth = '1'] = at.split('#');
let count = 0;
let named = 0;

function onBoundary(boundary: string): void {
  count++;
  if (boundary === name) named++;
  appendFileSync(trail, `${boundary}\n`);
  if (String(count) === at || (boundary === name && String(named) === nth)) process.kill(process.pid, 'SIGKILL');
}

const io: CliIo = {
  argv,
  version: '0.0.0-crash',
  stdout: (words) => void process.stdout.write(words),
  stderr: (words) => void process.stderr.write(words),
};
process.exitCode = await runCli(io, async () => processDeps(io, { onBoundary }));
// As src/main.ts: a leaked handle must not keep a finished command alive.
setTimeout(() => process.exit(), 5_000).unref();
