import type { Part } from './lexer.ts';
import { type Process, ShellExit } from './process.ts';

/** Runs shell text and gives back what it prints; handed in, because the runner needs this file. */
export type Capture = (script: string, process: Process) => Promise<string>;

/** Words after expansion: unquoted values are split at white space, `"$@"` becomes one word per argument. */
export async function expandWords(words: readonly (readonly Part[])[], process: Process, capture: Capture): Promise<readonly string[]> {
  const expanded: string[] = [];
  for (const parts of words) expanded.push(...(await expandWord(parts, process, capture)));
  return expanded;
}

/** One word, never split. */
export async function expandText(parts: readonly Part[], process: Process, capture: Capture): Promise<string> {
  let text = '';
  for (const part of parts) text += await valueOf(part, process, capture);
  return text;
}

async function expandWord(parts: readonly Part[], process: Process, capture: Capture): Promise<readonly string[]> {
  if (parts.length === 2 && isAllArguments(parts[1])) return process.args.slice(1);
  const fields: string[] = [];
  let open: string | undefined;
  for (const part of parts) {
    const value = await valueOf(part, process, capture);
    if (part.quoted || part.type === 'text') open = (open ?? '') + value;
    else {
      const pieces = value.split(/[ \t\n]+/);
      for (const [index, piece] of pieces.entries()) {
        if (index > 0 && open !== undefined) {
          fields.push(open);
          open = undefined;
        }
        if (piece !== '') open = (open ?? '') + piece;
      }
    }
  }
  return open === undefined ? fields : [...fields, open];
}

function isAllArguments(part: Part | undefined): boolean {
  return part?.type === 'variable' && part.name === '@' && part.quoted;
}

async function valueOf(part: Part, process: Process, capture: Capture): Promise<string> {
  if (part.type === 'text') return part.text;
  if (part.type === 'command') return (await capture(part.script, process)).replace(/\n+$/, '');
  const value = lookUp(part.name, process);
  const isSet = value !== undefined && value !== '';
  switch (part.operator) {
    case '':
      if (value === undefined && process.options.nounset) throw failure(process, `${part.name}: parameter not set`);
      return value ?? '';
    case '-':
      return isSet ? value : expandText(part.word, process, capture);
    case '+':
      return isSet ? expandText(part.word, process, capture) : '';
    case '?':
      if (isSet) return value;
      throw failure(process, `${part.name}: ${await expandText(part.word, process, capture)}`);
    case '=':
      if (isSet) return value;
      process.vars.set(part.name, await expandText(part.word, process, capture));
      return process.vars.get(part.name) ?? '';
  }
}

function failure(process: Process, message: string): ShellExit {
  process.err(`sh: ${message}\n`);
  return new ShellExit(2);
}

function lookUp(name: string, process: Process): string | undefined {
  if (/^\d$/.test(name)) return process.args[Number(name)];
  if (name === '?') return String(process.status);
  if (name === '$') return String(process.pid);
  if (name === '#') return String(process.args.length - 1);
  if (name === '@' || name === '*') return process.args.slice(1).join(' ');
  return process.vars.get(name);
}
