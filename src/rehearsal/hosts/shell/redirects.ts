import { posix } from 'node:path';
import { type Capture, expandText } from './expand.ts';
import type { Redirect } from './parser.ts';
import { inputOf, type Process } from './process.ts';

/** A process whose streams go where the redirections say; call `finish` when its command has ended. */
export interface Redirected {
  readonly inside: Process;
  readonly finish: () => void;
}

/** @throws {FileFault} when a file cannot be read, or by `finish` when one cannot be written. */
export async function openRedirects(redirects: readonly Redirect[], process: Process, capture: Capture): Promise<Redirected> {
  const { files, changed } = process.machine;
  const writes: (() => void)[] = [];
  let inside = process;
  for (const { operator, target } of redirects) {
    const path = target === undefined ? '' : posix.resolve(process.cwd, await expandText(target, process, capture));
    if (operator === '2>&1') inside = { ...inside, err: inside.out };
    else if (operator.endsWith('>&2')) inside = { ...inside, out: inside.err };
    else if (operator === '<') inside = { ...inside, stdin: inputOf(path === '/dev/null' ? Buffer.alloc(0) : files.read(path)) };
    else {
      const bytes = operator.endsWith('>>') && files.stat(path) ? [files.read(path)] : [];
      const sink = (chunk: Buffer | string): void => void bytes.push(Buffer.from(chunk));
      inside = operator.startsWith('2') ? { ...inside, err: sink } : { ...inside, out: sink };
      if (path === '/dev/null') continue;
      writes.push(() => {
        files.write(path, Buffer.concat(bytes));
        changed('file', { action: 'write', path });
      });
    }
  }
  return { inside, finish: () => writes.forEach((write) => write()) };
}
