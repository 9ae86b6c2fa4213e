import { messageOf } from '../../core/index.ts';
import type { CommandOutput } from './command.ts';
import type { Failure, LockHolder } from './protocol.ts';

/** Everything that is known about an operation that did not succeed. */
export interface Evidence {
  readonly thrown: unknown;
  /** Output of the Pulumi command, when it ran. */
  readonly output: CommandOutput | undefined;
  /** What the program threw. */
  readonly programError: unknown;
  /** Errors of single resources, `name (type): message`. */
  readonly resourceErrors: readonly string[];
  /** Other errors the engine told. */
  readonly messages: readonly string[];
  readonly isAborted: boolean;
  /** Absolute path of the checkout, to say where in the program it happened. */
  readonly checkout: string;
}

const THROTTLED = /throttl|rate exceeded|too many requests|\b429\b|requestlimitexceeded|slowdown/i;
const UNHANDLED = 'Unhandled exception: ';
const NETWORK = /ECONNRESET|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|i\/o timeout|connection reset|no such host|TLS handshake timeout|\b50[234]\b/i;

/** Turn a failure of Pulumi into a code, words, a hint and an advice. This is the only place that reads Pulumi's messages. */
export function failureOf(evidence: Evidence): Failure {
  const text = [evidence.output?.stderr, evidence.output?.stdout, ...evidence.messages].filter(Boolean).join('\n');
  return (
    cancelled(evidence) ??
    locked(text) ??
    configuration(evidence) ??
    program(evidence) ??
    provider(evidence) ??
    plugin(text) ??
    credentials(text) ??
    passphrase(text) ??
    other(evidence, text)
  );
}

/** Holders in `the stack is currently locked by …`; the CLI lists one per line: `created by <user>@<host> (pid <n>) at <time>`. */
export function lockHolders(text: string): readonly LockHolder[] {
  return [...text.matchAll(/created by (\S+?)@(\S+) \(pid (\d+)\) at (\S+)/g)].map(([, user = '', host = '', pid = '', at = '']) => ({
    user,
    host,
    pid: Number(pid),
    at,
  }));
}

function cancelled({ isAborted }: Evidence): Failure | undefined {
  return isAborted
    ? {
        code: 'PULUMI_CANCELLED',
        message: 'the stack operation was cancelled',
        retry: 'never',
        hint: 'refresh the stack before the next change; what was done is recorded in its state',
      }
    : undefined;
}

function locked(text: string): Failure | undefined {
  if (!/currently locked by|\[409\] Conflict/.test(text)) return undefined;
  const holders = lockHolders(text);
  const who = holders.map(({ user, host, pid, at }) => `${user}@${host} (process ${pid}) since ${at}`).join(', ') || 'another update';
  return {
    code: 'PULUMI_LOCKED',
    message: `the stack is locked by ${who}`,
    hint: 'wait for it to end; if it is surely dead, run "pulumi cancel" for this stack',
    retry: 'pauseForHuman',
    holders,
  };
}

function configuration({ programError }: Evidence): Failure | undefined {
  if (!(programError instanceof Error)) return undefined;
  const missing = /Missing required configuration variable '([^']+)'/.exec(programError.message)?.[1];
  if (missing !== undefined)
    return { code: 'PULUMI_CONFIG', message: `configuration "${missing}" is missing`, hint: `add it to "config" of the step`, retry: 'never' };
  if (programError.name !== 'ConfigError') return undefined;
  return { code: 'PULUMI_CONFIG', message: programError.message, hint: 'correct "config" of the step', retry: 'never' };
}

function program({ programError, checkout, resourceErrors, messages }: Evidence): Failure | undefined {
  // What is thrown in a callback of the program reaches us as a message only.
  const unhandled = messages.find((message) => message.startsWith(UNHANDLED));
  const thrown = programError ?? (unhandled === undefined ? undefined : asError(unhandled));
  // When a resource fails, the program fails as well; the resource is the cause.
  if (thrown === undefined || resourceErrors.length > 0) return undefined;
  const where = whereIn(thrown, checkout);
  return {
    code: 'PULUMI_PROGRAM',
    message: `the program of the stack failed${where ? ` at ${where}` : ''}: ${firstLine(messageOf(thrown))}`,
    hint: 'correct the program and plan again',
    retry: 'never',
  };
}

function provider({ resourceErrors }: Evidence): Failure | undefined {
  if (resourceErrors.length === 0) return undefined;
  const text = resourceErrors.join('\n');
  const isPassing = THROTTLED.test(text) || NETWORK.test(text);
  const more = resourceErrors.length > 3 ? ` (and ${resourceErrors.length - 3} more)` : '';
  return {
    code: 'PULUMI_PROVIDER',
    message: `${resourceErrors.slice(0, 3).map(firstLine).join('; ')}${more}`,
    hint: isPassing ? 'the provider was busy or not reachable; it is tried again' : 'correct the cause and run the step again; what succeeded is recorded',
    retry: isPassing ? 'afterBackoff' : 'never',
  };
}

function plugin(text: string): Failure | undefined {
  const name = /no resource plugin '([^']+)' found|Could not automatically download and install resource plugin '([^']+)'/.exec(text);
  if (!name) return undefined;
  return {
    code: 'PULUMI_PLUGIN',
    message: `the provider plugin ${name[1] ?? name[2] ?? ''} is not installed`,
    hint: 'allow Pulumi to download it, or install it with "pulumi plugin install"',
    retry: 'never',
  };
}

function credentials(text: string): Failure | undefined {
  if (!/no valid credential|unable to validate AWS credentials|could not find (?:Azure )?credential|PULUMI_ACCESS_TOKEN|AccessDenied|ExpiredToken/i.test(text))
    return undefined;
  return {
    code: 'PULUMI_CREDENTIALS',
    message: firstError(text),
    hint: 'give this process credentials of the cloud or of the backend; docs/pulumi.md tells how',
    retry: 'never',
  };
}

function passphrase(text: string): Failure | undefined {
  if (!/incorrect passphrase|passphrase must be set/i.test(text)) return undefined;
  return {
    code: 'PULUMI_PASSPHRASE',
    message: 'the passphrase does not open the secrets of this stack',
    hint: 'set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE to the passphrase the stack was made with',
    retry: 'never',
  };
}

function other({ thrown, messages }: Evidence, text: string): Failure {
  const isPassing = THROTTLED.test(text) || NETWORK.test(text);
  const message = messages[0] ?? (text === '' ? messageOf(thrown) : firstError(text));
  return { code: 'PULUMI_FAILED', message: firstLine(message), retry: isPassing ? 'afterBackoff' : 'never' };
}

function firstError(text: string): string {
  const line =
    text.split('\n').find((candidate) => candidate.startsWith('error:')) ?? text.split('\n').find((candidate) => candidate.trim() !== '') ?? 'pulumi failed';
  return line.replace(/^error:\s*/, '').trim();
}

function firstLine(text: string): string {
  return (
    text
      .split('\n')
      .find((line) => line.trim() !== '')
      ?.trim() ?? ''
  );
}

/** `stacks/aws/index.ts:12:5` of the first frame inside the checkout. */
function whereIn(thrown: unknown, checkout: string): string | undefined {
  const stack = thrown instanceof Error ? (thrown.stack ?? '') : '';
  const frames = [...stack.matchAll(/(?:file:\/\/)?(\/[^\s():]+):(\d+)(?::(\d+))?/g)];
  const inside = frames.find(([, path = '']) => decodeURI(path).startsWith(`${checkout}/`) && !path.includes('/node_modules/'));
  if (!inside) return undefined;
  const [, path = '', line = '', column] = inside;
  return [decodeURI(path).slice(checkout.length + 1), line, ...(column === undefined ? [] : [column])].join(':');
}

function asError(text: string): Error {
  const stack = text.slice(UNHANDLED.length);
  const error = new Error(firstLine(stack).replace(/^\w*Error: /, ''));
  error.stack = stack;
  return error;
}
