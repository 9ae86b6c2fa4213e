import { SlipwayError } from '../../core/index.ts';
import type { Recorder } from './recorder.ts';

/** @returns `PROBE_SIDE_DOWN`. */
export function down(message: string): SlipwayError {
  return new SlipwayError('PROBE_SIDE_DOWN', message, {
    retry: 'afterBackoff',
    hint: 'look at the service and at the address; nothing can be compared with it',
  });
}

/** One line about what was measured so far. */
export function progress(recorder: Recorder): string {
  const words = (side: 'baseline' | 'candidate') => {
    const { p50Ms, p95Ms, errors } = recorder.summary(side);
    const ms = (value: number | null) => (value === null ? '-' : value < 10 ? value.toFixed(1) : String(Math.round(value)));
    return `${side} p50 ${ms(p50Ms)} ms, p95 ${ms(p95Ms)} ms, ${errors} errors`;
  };
  return `${recorder.pairs} pairs; ${words('baseline')}; ${words('candidate')}; ${recorder.parity().mismatches} answers differ`;
}
