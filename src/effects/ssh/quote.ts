import { PATTERN, SlipwayError } from '../../core/index.ts';

/** Linux refuses a longer environment string or argument (MAX_ARG_STRLEN), so does the kernel of every BSD by its total. */
const MOST_STRING_BYTES = 131_000;
/** Shells refuse to assign these; the refusal would end the script before its first line. */
const READ_ONLY = new Set(['BASHOPTS', 'BASH_VERSINFO', 'EUID', 'PPID', 'SHELLOPTS', 'UID']);

/**
 * One shell word that stands for exactly this text in every POSIX shell, csh and fish.
 *
 * @throws {SlipwayError} `SSH_VALUE` for a NUL, which no process can receive.
 */
export function shellQuote(text: string): string {
  if (text.includes('\0')) throw new SlipwayError('SSH_VALUE', 'a value for a remote command holds a NUL byte', { hint: 'send binary data by ssh.copy' });
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/**
 * `export NAME='…'`.
 *
 * @throws {SlipwayError} `SSH_VALUE` for a name no shell can assign, or a value no process can receive.
 */
export function exportLine(name: string, value: string): string {
  if (!PATTERN.env.test(name) || READ_ONLY.has(name)) {
    throw new SlipwayError('SSH_VALUE', `cannot set ${JSON.stringify(name)} in the environment of a remote command`, { hint: 'choose another name' });
  }
  if (Buffer.byteLength(name) + 1 + Buffer.byteLength(value) > MOST_STRING_BYTES) {
    throw new SlipwayError('SSH_VALUE', `the value of ${name} is longer than ${MOST_STRING_BYTES} bytes`, { hint: 'send it by ssh.copy or on standard input' });
  }
  return `export ${name}=${shellQuote(value)}`;
}

/**
 * The words of a shell such as `/bin/sh` or `bash -eu`, each checked, so that they need no quoting.
 *
 * @throws {SlipwayError} `SSH_VALUE` when a word has any other character than letters, digits and `._/+=-`.
 */
export function shellWords(shell: string): readonly string[] {
  const words = shell.trim().split(/\s+/);
  if (words.every((word) => /^[A-Za-z0-9._/+=-]+$/.test(word))) return words;
  throw new SlipwayError('SSH_VALUE', `not a shell: ${JSON.stringify(shell)}`, { hint: 'write a path and plain options, for example /bin/bash -eu' });
}

/** Longest script one `-c` argument can carry, in bytes. */
export const MOST_SCRIPT_BYTES = MOST_STRING_BYTES;
