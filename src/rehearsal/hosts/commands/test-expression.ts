import { posix } from 'node:path';
import type { Process } from '../shell/process.ts';

const COMPARE: { readonly [operator: string]: (a: string, b: string) => boolean } = {
  '=': (a, b) => a === b,
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '-eq': (a, b) => Number(a) === Number(b),
  '-ne': (a, b) => Number(a) !== Number(b),
  '-lt': (a, b) => Number(a) < Number(b),
  '-le': (a, b) => Number(a) <= Number(b),
  '-gt': (a, b) => Number(a) > Number(b),
  '-ge': (a, b) => Number(a) >= Number(b),
};

/** Evaluate the arguments of `test`. */
export function isTrue(args: readonly string[], process: Process): boolean {
  if (args[0] === '!') return !isTrue(args.slice(1), process);
  if (args.length === 3) return COMPARE[args[1] ?? '']?.(args[0] ?? '', args[2] ?? '') ?? false;
  if (args.length === 1) return args[0] !== '';
  const [operator = '', operand = ''] = args;
  const { files } = process.machine;
  const path = posix.resolve(process.cwd, operand);
  switch (operator) {
    case '-n':
      return operand !== '';
    case '-z':
      return operand === '';
    case '-d':
      return files.isFolder(path);
    case '-f':
      return files.stat(path) !== undefined && !files.isFolder(path);
    case '-s':
      return files.stat(path) !== undefined && files.size(path) > 0;
    case '-e':
    case '-r':
    case '-w':
      return files.stat(path) !== undefined;
    case '-x':
      return ((files.stat(path)?.mode ?? 0) & 0o111) !== 0;
    default:
      return false;
  }
}
