import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { claim, readIfThere, writeWhole } from './files.ts';

/** A fault to inject. Every member of `match` that is given must fit; text matches as a substring. */
export interface Fault {
  readonly match: { readonly stack?: string; readonly urn?: string; readonly type?: string };
  readonly op?: 'create' | 'read' | 'update' | 'delete' | 'invoke';
  /** How often it happens; always when absent. */
  readonly count?: number;
  /**
   * fail: nothing was done. failAfter: it was done, and an error was answered. hang: nothing was done, and no answer comes
   * until cancelled. hangAfter: the same, but it was done. slow: only `delayMs`.
   */
  readonly effect: 'fail' | 'failAfter' | 'hang' | 'hangAfter' | 'slow';
  readonly message?: string;
  readonly delayMs?: number;
}
/** What a provider is about to do. */
export interface Occasion {
  readonly op: NonNullable<Fault['op']>;
  readonly stack: string;
  readonly urn: string;
  readonly type: string;
}
interface FaultFile {
  readonly latencyMs: number;
  readonly faults: readonly Fault[];
}

/** Replace the faults and the time every operation takes, in milliseconds. Running plugins see it at their next operation. */
export function writeFaults(dir: string, faults: readonly Fault[], latencyMs: number): void {
  writeWhole(join(dir, 'faults.json'), JSON.stringify({ latencyMs, faults } satisfies FaultFile, undefined, 2));
}

/** The latency, and the fault that happens now; a counted fault is used up, once over all processes. */
export function takeFault(dir: string, occasion: Occasion): { readonly latencyMs: number; readonly fault?: Fault } {
  const text = readIfThere(join(dir, 'faults.json'));
  if (text === undefined) return { latencyMs: 0 };
  const { latencyMs, faults } = JSON.parse(text) as FaultFile; // written by writeFaults only
  const fault = faults.find((candidate, index) => fits(candidate, occasion) && claimed(dir, candidate, index));
  return fault ? { latencyMs, fault } : { latencyMs };
}

function fits({ match, op }: Fault, occasion: Occasion): boolean {
  if (op !== undefined && op !== occasion.op) return false;
  return (['stack', 'urn', 'type'] as const).every((key) => match[key] === undefined || occasion[key].includes(match[key]));
}

function claimed(dir: string, fault: Fault, index: number): boolean {
  if (fault.count === undefined) return true;
  const name = createHash('sha256')
    .update(`${index}${JSON.stringify(fault)}`)
    .digest('hex')
    .slice(0, 16);
  return Array.from({ length: fault.count }, (_, use) => use).some((use) => claim(join(dir, 'used', `${name}-${use}`)));
}
