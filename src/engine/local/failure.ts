import { type Masker, messageOf, SlipwayError } from '../../core/index.ts';
import type { StepFailure, StepResult } from '../events.ts';

/** Why an attempt was aborted by the engine itself. */
export class Aborted extends Error {
  readonly kind: 'cancelled' | 'timedOut' | 'heartbeatLost';

  constructor(kind: 'cancelled' | 'timedOut' | 'heartbeatLost', message: string) {
    super(message);
    this.kind = kind;
  }
}

/** What went wrong, in words that may be stored. */
export function failureOf(cause: unknown, masker: Masker): StepFailure {
  if (!(cause instanceof SlipwayError)) return { code: 'UNEXPECTED', message: masker.mask(messageOf(cause)), retry: 'never' };
  const { code, hint, retry } = cause;
  return { code, message: masker.mask(cause.message), retry, ...(hint === undefined ? {} : { hint: masker.mask(hint) }) };
}

/** How an attempt that threw has ended. When the engine aborted it, that is the reason, whatever the effect threw. */
export function resultOf(cause: unknown, signal: AbortSignal, masker: Masker): StepResult {
  const reason: unknown = signal.aborted ? signal.reason : undefined;
  if (reason instanceof Aborted && reason.kind === 'timedOut')
    return { state: 'timedOut', error: { code: 'TIMED_OUT', message: reason.message, retry: 'afterBackoff' } };
  if (reason instanceof Aborted && reason.kind === 'heartbeatLost')
    return { state: 'timedOut', error: { code: 'HEARTBEAT_LOST', message: reason.message, retry: 'afterBackoff' } };
  if (signal.aborted) return { state: 'cancelled', error: { code: 'CANCELLED', message: masker.mask(messageOf(reason)), retry: 'never' } };
  return { state: 'failed', error: failureOf(cause, masker) };
}
