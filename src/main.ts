import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CliIo, runCli } from './cli/index.ts';

/** A leaked handle must not keep a finished command alive. */
const LINGER_MS = 5_000;

function version(): string {
  const manifest = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8')) as { version: string }; // our own file
  return manifest.version;
}

const io: CliIo = {
  argv: process.argv.slice(2),
  version: version(),
  stdout: (words) => void process.stdout.write(words),
  stderr: (words) => void process.stderr.write(words),
};

// The reader of our output may go away early (`| head`); that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
// Nobody listens to progress any more; the run itself goes on.
process.stderr.on('error', () => undefined);
try {
  process.exitCode = await runCli(io, async () => (await import('./process.ts')).processDeps(io));
} catch (error) {
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
setTimeout(() => process.exit(), LINGER_MS).unref();
