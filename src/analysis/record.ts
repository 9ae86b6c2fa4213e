import type { JsonObject } from '../core/index.ts';
import { ALGORITHMS } from './algorithms.ts';
import type { Metric } from './metric.ts';
import type { Verdict } from './verdict.ts';

/** What a verdict was about. */
export interface Judged {
  /** Digests of the documents it was computed from. */
  readonly evidence?: string | undefined;
  readonly series?: string | undefined;
  readonly metrics: readonly Metric[];
  readonly verdict: Verdict;
}

/** The bytes that are kept of a verdict; the same verdict gives the same bytes. The first method kept less. */
export function recordBytes({ evidence, series, metrics, verdict }: Judged): Uint8Array {
  const isFirst = verdict.algorithm === ALGORITHMS[1];
  const rest = isFirst ? {} : { ...(series === undefined ? {} : { series }), metrics };
  return Buffer.from(JSON.stringify({ evidence, ...rest, verdict }));
}

/** A recorded verdict as data. @returns undefined for bytes that are no record. */
export function parseRecord(bytes: Uint8Array): { readonly verdict: JsonObject } | undefined {
  try {
    const { verdict } = JSON.parse(Buffer.from(bytes).toString('utf8')) as { verdict?: unknown }; // checked below
    if (typeof verdict !== 'object' || verdict === null) return undefined;
    return { verdict: verdict as JsonObject }; // JSON.parse gives nothing else
  } catch {
    return undefined;
  }
}
