import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type CliDeps, runCli } from './cli/index.ts';
import { messageOf, systemClock } from './core/index.ts';

/** A leaked handle must not keep a finished command alive. */
const LINGER_MS = 5_000;

/** Outside settings, read when the first command needs them. */
async function settings() {
  const { loadConfig } = await import('./config/index.ts');
  return loadConfig(process.env, process.cwd());
}

async function config() {
  const loaded = await settings();
  if (loaded.ok) return loaded.value;
  const { SlipwayError } = await import('./core/index.ts');
  throw new SlipwayError('BAD_SETTING', loaded.problems.map(({ message }) => message).join('; '), { exitCode: 2 });
}

async function openApp() {
  const { openApp: open } = await import('./wire.ts');
  return open(await config());
}

async function confirm(question: string): Promise<boolean> {
  const { createInterface } = await import('node:readline/promises');
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await lines.question(question)).trim());
  } finally {
    lines.close();
  }
}

async function diagnose() {
  const { diagnoseMachine } = await import('./diagnose.ts');
  return diagnoseMachine(await config(), openApp);
}

function onInterrupt(handler: () => void): () => void {
  process.on('SIGINT', handler);
  return () => void process.off('SIGINT', handler);
}

function version(): string {
  const manifest = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8')) as { version: string }; // our own file
  return manifest.version;
}

const deps: CliDeps = {
  argv: process.argv.slice(2),
  version: version(),
  clock: systemClock,
  stdout: (words) => void process.stdout.write(words),
  stderr: (words) => void process.stderr.write(words),
  stdin: () => text(process.stdin),
  ...(process.stdin.isTTY ? { confirm } : {}),
  settings,
  openApp,
  diagnose,
  onInterrupt,
  exitNow: (code) => process.exit(code),
};

// The reader of our output may go away early (`| head`); that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
try {
  process.exitCode = await runCli(deps);
} catch (error) {
  process.stderr.write(`error: ${messageOf(error)}\n`);
  process.exitCode = 1;
}
setTimeout(() => process.exit(), LINGER_MS).unref();
