import { createMaskStream, type Masker } from '../../core/index.ts';
import type { TaskControl } from './executor.ts';
import { createLines } from './lines.ts';
import type { Stream } from './output.ts';

/** What a step prints on one host, as it comes. */
export interface HostOutput {
  push(piece: string, stream: Stream): void;
  /** No more comes. */
  end(): void;
}

/** Secrets are masked also where they come in two pieces; then the output goes to whoever keeps it, or line by line into the log. */
export function createHostOutput(host: string, masker: Masker, control: Pick<TaskControl, 'output' | 'log'>): HostOutput {
  const sinks = { stdout: sinkOf('stdout'), stderr: sinkOf('stderr') };
  return {
    push: (piece, stream) => sinks[stream].push(piece),
    end: () => {
      sinks.stdout.end();
      sinks.stderr.end();
    },
  };

  function sinkOf(stream: Stream): { push(piece: string): void; end(): void } {
    const masked = createMaskStream(masker);
    const kept = control.output?.({ host, stream }) ?? logged(stream);
    return {
      push: (piece) => kept.push(masked.push(piece)),
      end: () => {
        kept.push(masked.end());
        kept.end();
      },
    };
  }
  function logged(stream: Stream): { push(text: string): void; end(): void } {
    const lines = createLines();
    const log = (text: string): void => control.log({ text, stream, host });
    return { push: (text) => lines.push(text).forEach(log), end: () => lines.end().forEach(log) };
  }
}
