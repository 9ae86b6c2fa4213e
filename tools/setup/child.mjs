import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/**
 * Run a program in our place: its streams are ours, its exit code is what this gives back. Ctrl-C reaches both of us, and
 * the child decides what it means.
 */
export async function runHere(file, args, options = {}) {
  const child = spawn(file, args, { stdio: 'inherit', ...options });
  const ignore = () => {};
  const pass = (signal) => child.kill(signal);
  process.on('SIGINT', ignore).on('SIGTERM', pass).on('SIGHUP', pass);
  try {
    return await new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('exit', (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 0)));
    });
  } finally {
    process.off('SIGINT', ignore).off('SIGTERM', pass).off('SIGHUP', pass);
  }
}

/** Run a program to its end and keep what it says; `onLine` sees every line of both streams as it comes. */
export async function runQuietly(file, args, { onLine = () => {}, timeoutMs, ...options } = {}) {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
  for (const stream of [child.stdout, child.stderr]) lines(stream, onLine);
  try {
    const code = await new Promise((resolve) => {
      child.on('error', (error) => {
        onLine(error.message);
        resolve(127);
      });
      child.on('close', (exit) => resolve(exit ?? 1));
    });
    return { code, stdout };
  } finally {
    clearTimeout(timer);
  }
}

function lines(stream, onLine) {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    parts.forEach(onLine);
  });
  stream.on('end', () => rest && onLine(rest));
}
