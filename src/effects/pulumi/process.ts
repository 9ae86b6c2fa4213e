import { spawn } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ChildResult, Failure, FromChild, Request, ToChild } from './protocol.ts';
import { signalSession } from './session.ts';

/** How one child process ended. */
export type Ending = { readonly type: 'done'; readonly result: ChildResult } | { readonly type: 'failed'; readonly failure: Failure };
export interface ChildOptions {
  readonly node: string;
  readonly env: { readonly [name: string]: string };
  readonly signal: AbortSignal;
  readonly onLine: (line: string) => void;
}

/** A grandchild that inherited the channel would keep it open. */
const LAST_MESSAGE_MS = 5_000;
const STDERR_KEPT = 4_000;
/** Beyond the grace that Pulumi has inside the child. */
const KILL_AFTER_MS = 12_000;
const CHILD = fileURLToPath(new URL(`./child${extname(import.meta.url)}`, import.meta.url));

/**
 * Run one operation in a process of its own session and wait until nothing of that session is left.
 *
 * An abort asks the child to interrupt Pulumi; if that takes longer than its grace, the session is killed.
 */
export async function runChild(request: Request, { node, env, signal, onLine }: ChildOptions): Promise<Ending> {
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', CHILD], {
    cwd: request.workDir,
    env,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const pid = child.pid;
  let killTimer: NodeJS.Timeout | undefined;
  const abort = () => {
    if (child.connected) child.send({ type: 'abort' } satisfies ToChild, () => undefined);
    killTimer ??= setTimeout(() => pid !== undefined && signalSession(pid, 'SIGKILL'), request.graceMs + KILL_AFTER_MS);
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    const ending = endingOf(child, onLine, () => signal.aborted);
    child.send({ type: 'start', request } satisfies ToChild, () => undefined); // a child that is gone already tells by its exit
    if (signal.aborted) abort();
    return await ending;
  } finally {
    signal.removeEventListener('abort', abort);
    clearTimeout(killTimer);
    if (pid !== undefined) signalSession(pid, 'SIGKILL');
  }
}

function endingOf(child: ReturnType<typeof spawn>, onLine: (line: string) => void, isAborted: () => boolean): Promise<Ending> {
  let ending: Ending | undefined;
  let stderr = '';
  child.stderr?.on('data', (data: Buffer) => (stderr = (stderr + data.toString()).slice(-STDERR_KEPT)));
  child.on('message', (message: FromChild) => {
    if (message.type === 'line') onLine(message.line);
    else ending = message;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, killedBy) => {
      const end = () => setImmediate(() => resolve(ending ?? crashed({ code, killedBy, stderr, isAborted: isAborted() })));
      // The exit may be heard before the last message was read; the channel says when there is no more.
      if (!child.connected) return end();
      const late = setTimeout(end, LAST_MESSAGE_MS);
      child.once('disconnect', () => {
        clearTimeout(late);
        end();
      });
    });
  });
}

function crashed({ code, killedBy, stderr, isAborted }: { code: number | null; killedBy: string | null; stderr: string; isAborted: boolean }): Ending {
  const how = killedBy === null ? `with exit code ${code ?? 'unknown'}` : `by ${killedBy}`;
  if (isAborted)
    return { type: 'failed', failure: { code: 'PULUMI_CANCELLED', message: `the stack operation was cancelled and ended ${how}`, retry: 'never' } };
  // The first line that is a message; a stack trace of our own process helps nobody.
  const said = stderr
    .split('\n')
    .find((line) => /Error/.test(line))
    ?.trim();
  return {
    type: 'failed',
    failure: {
      code: 'PULUMI_CRASHED',
      message: `the process of the stack operation ended ${how}${said === undefined ? '' : `: ${said}`}`,
      hint: 'run the step again: the state is refreshed first when something was left unfinished',
      retry: 'afterBackoff',
    },
  };
}
